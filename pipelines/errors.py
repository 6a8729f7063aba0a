"""The errors of the pipeline, each with a stable code and a message a person can act on.

PipelineError
├── UnsupportedType      nobody parses this kind of file                 unsupported_type
├── SourceUnreadable     the file is broken, or not what it says it is   source_unreadable
│   ├── PasswordRequired the file is encrypted; a password was needed    password_required
│   ├── WrongPassword    the password that was given does not open it    wrong_password
│   ├── SourceTooLarge   a limit on pages, pixels, seconds or memory     source_too_large
│   ├── UploadDamaged    other bytes arrived than were announced         upload_damaged
│   ├── SourceEmpty      it was read, and holds no text                  no_text_found
│   ├── ParserStalled    parts took longer than their time limit         parser_stalled
│   └── ParserCrashed    the parser process died while reading it        parser_crashed
├── FetchFailed          what a URL gives could not be had               fetch_failed
│   ├── UrlRefused       it, or where it leads, may not be fetched       url_refused
│   ├── UrlUnreachable   nobody answers there, or not with the thing     url_unreachable
│   ├── UrlTooLarge      it gives more than is accepted                  url_too_large
│   ├── UrlTimeout       it takes longer than it may                     url_timeout
│   └── UrlChangedType   it gives another kind of source than before     url_changed_type
├── ModelUnavailable     a model that was asked for can't be loaded      model_unavailable
├── LLMError             the language model's provider refused or failed llm_failed
├── ServiceUnavailable   a backing service is away; trying later helps   service_unavailable
├── ServiceRefused       it answers, and will never do what it is asked  service_refused
│   └── ReindexNeeded    the instrument's index is of another model      reindex_needed
├── AccessEnded          who asked may not read this any more           access_ended
└── Cancelled            somebody asked for the work to stop             cancelled
"""


class PipelineError(Exception):
    """What went wrong, in a sentence that also says what to do next.

    `code` never changes and may be matched by programs; `str(error)` is for people.
    """

    code = "pipeline_error"


class UnsupportedType(PipelineError):
    code = "unsupported_type"


class SourceUnreadable(PipelineError):
    code = "source_unreadable"


class PasswordRequired(SourceUnreadable):
    code = "password_required"


class WrongPassword(SourceUnreadable):
    code = "wrong_password"


class SourceTooLarge(SourceUnreadable):
    code = "source_too_large"


class UploadDamaged(SourceUnreadable):
    code = "upload_damaged"


class SourceEmpty(SourceUnreadable):
    code = "no_text_found"


class ParserStalled(SourceUnreadable):
    code = "parser_stalled"


class ParserCrashed(SourceUnreadable):
    code = "parser_crashed"


class FetchFailed(PipelineError):
    code = "fetch_failed"


class UrlRefused(FetchFailed):
    code = "url_refused"


class UrlUnreachable(FetchFailed):
    code = "url_unreachable"


class UrlTooLarge(FetchFailed):
    code = "url_too_large"


class UrlTimeout(FetchFailed):
    code = "url_timeout"


class UrlChangedType(FetchFailed):
    code = "url_changed_type"


class ModelUnavailable(PipelineError):
    code = "model_unavailable"


class LLMError(PipelineError):
    code = "llm_failed"


class ServiceUnavailable(PipelineError):
    code = "service_unavailable"


class ServiceRefused(PipelineError):
    code = "service_refused"


class ReindexNeeded(ServiceRefused):
    code = "reindex_needed"


class AccessEnded(PipelineError):
    code = "access_ended"


class Cancelled(PipelineError):
    code = "cancelled"


ERRORS: dict[str, type[PipelineError]] = {
    error.code: error
    for error in (
        UnsupportedType,
        SourceUnreadable,
        PasswordRequired,
        WrongPassword,
        SourceTooLarge,
        UploadDamaged,
        SourceEmpty,
        ParserStalled,
        ParserCrashed,
        ModelUnavailable,
        LLMError,
        ServiceUnavailable,
        ServiceRefused,
        ReindexNeeded,
        AccessEnded,
        Cancelled,
    )
}
