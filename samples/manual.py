"""The operating manual of an invented bench-top centrifuge, twelve pages."""

from __future__ import annotations

from pathlib import Path

from reportlab.platypus import Flowable, NextPageTemplate, PageBreak, Paragraph, Spacer

from samples import figures, tables
from samples.layout import (
    HEADINGS,
    SUBTITLE,
    TITLE,
    Heading,
    Manual,
    bullets,
    contents,
    figure,
    steps,
    table,
    text,
    warning,
)

COLUMN = 225.0


def make(path: Path) -> None:
    """Write the manual to `path`."""
    document = Manual(
        path,
        title="Halvora C24 Operating Manual",
        running_head="Halvora C24 bench-top centrifuge",
        author="Lindqvar Instruments",
        subject="Installation, operation and care of the Halvora C24 bench-top centrifuge",
        keywords="centrifuge, rotor, error codes, maintenance",
    )
    chapters = (
        _cover, _contents, _safety, _instrument, _installation, _rotors, _operation, _programs,
        _maintenance, _errors, _specifications, _service,
    )  # fmt: skip
    story: list[Flowable] = []
    for chapter in chapters:
        story += chapter()
    document.multiBuild(story)


def _next(template: str = "single") -> list[Flowable]:
    return [NextPageTemplate(template), PageBreak()]


def _cover() -> list[Flowable]:
    return [
        Spacer(1, 24),
        Paragraph("Halvora C24", TITLE),
        Paragraph("Bench-top centrifuge, refrigerated", SUBTITLE),
        Spacer(1, 50),
        figures.cover(),
        Spacer(1, 50),
        Paragraph("Operating manual", HEADINGS[0]),
        *text(
            "Document OM-C24-EN, edition 3. Translation of the original manual.",
            "Lindqvar Instruments. Keep this manual within reach of the instrument.",
        ),
    ]


def _contents() -> list[Flowable]:
    return [
        *_next(),
        Paragraph("Contents", HEADINGS[0]),
        contents(),
    ]


def _safety() -> list[Flowable]:
    return [
        *_next(),
        Heading("1 Safety", 0),
        Heading("1.1 Intended use", 1),
        *text(
            "The C24 separates the parts of liquid samples by their density. It is meant for "
            "trained staff in laboratories, indoors, up to 2000 m above sea level. Any other use "
            "is not intended, and the maker is not liable for it."
        ),
        Heading("1.2 What must never go into the rotor", 1),
        bullets(
            "explosive or flammable substances, and such as react violently with each other;",
            "tubes with cracks, scratches or clouded walls;",
            "infectious material without a sealed bucket lid;",
            "vessels that are not made for the rotor in use.",
        ),
        *warning(
            "WARNING",
            "A rotor that breaks throws fragments with great force. Never run a rotor that was "
            "dropped, is corroded, or has passed the last year of service engraved on its base.",
        ),
        Heading("1.3 While the rotor turns", 1),
        *text(
            "Nobody leans on the instrument, and nothing is set down on its lid. The lid stays "
            "locked until the rotor stands still. Do not try to defeat the lock.",
            "After a power failure the lid can be opened by hand. Wait 6 minutes first, then pull "
            "the emergency release cord under the left foot straight down. The rotor must be seen "
            "at rest through the window before the lid is lifted.",
        ),
        Heading("1.4 Qualification of staff", 1),
        *text(
            "Users are instructed once a year. Work on the drive, the electronics and the cooling "
            "circuit is reserved for service engineers of the maker or of an authorised partner."
        ),
        *warning(
            "CAUTION",
            "The cooling circuit holds isobutane (R600a), which burns. Keep flames and sparks "
            "away when a leak is suspected, open the windows, and leave the room.",
        ),
        Heading("1.5 About this manual", 1),
        *text(
            "This manual is for everyone who installs, uses or looks after the centrifuge. It "
            "holds for all variants of the C24; data that differ from one unit to the next are "
            "not repeated here. Numbered steps are done in the order given. A bar at the left "
            "marks a warning."
        ),
    ]


def _instrument() -> list[Flowable]:
    return [
        *_next(),
        Heading("2 The instrument", 0),
        Heading("2.1 Parts", 1),
        figure(figures.parts(), "Figure 1: The parts of the centrifuge, lid open."),
        table("Table 1: Parts and what they are for", tables.PARTS, (1, 4, 10)),
        Heading("2.2 What is in the box", 1),
        *text(
            "Centrifuge, rotor key, rotor nut, one tube of drive cone paste, emergency release "
            "tool, mains lead, this manual and a test certificate. Rotors are packed on their own. "
            "Report anything missing within 14 days of delivery."
        ),
    ]


def _installation() -> list[Flowable]:
    return [
        *_next(),
        Heading("3 Installation", 0),
        Heading("3.1 Where it may stand", 1),
        *text(
            "Choose a level, rigid bench that carries at least 90 kg. Leave room around the "
            "instrument as in Figure 2: nobody and nothing dangerous may be within 30 cm during a "
            "run, and the cooling needs air from the sides."
        ),
        figure(figures.clearances(), "Figure 2: Free space around the instrument."),
        Heading("3.2 Setting it up", 1),
        steps(
            "Lift the centrifuge out of the box with two people, holding it under the base.",
            "Set it on the bench and press it down at all four corners: the suction cups grip.",
            "Turn the front feet until the bubble of the level on the chamber floor is centred.",
            "Let the instrument stand for 3 hours, so that moisture can dry and the refrigerant "
            "settles.",
            "Connect the mains lead and switch on. The display shows a self-test of 20 seconds.",
            "Open the lid and take out the foam block and the two red transport screws. Keep them "
            "for a later move.",
        ),
        *warning(
            "CAUTION",
            "With the transport screws in place the drive is blocked and error E11 appears.",
        ),
        Heading("3.3 First run", 1),
        *text(
            "Run the empty rotor with program P1. The instrument is ready for use when it reaches "
            "the set force without vibration and the chamber has cooled to 4 °C within 15 minutes."
        ),
    ]


def _rotors() -> list[Flowable]:
    return [
        *_next(),
        Heading("4 Rotors", 0),
        Heading("4.1 Fitting a rotor", 1),
        *text(
            "The instrument recognises the rotor by magnets in its base and limits the force to "
            "what the rotor bears. Handle rotors with both hands; they weigh up to 7 kg."
        ),
        steps(
            "Wipe the drive cone and the bore of the rotor with a dry, lint-free cloth.",
            "Lower the rotor onto the cone without tilting it.",
            "Tighten the rotor nut clockwise with the rotor key to a torque of 5.5 Nm.",
            "Lift the rotor gently: it must not come off the cone.",
        ),
        figure(figures.rotor(), "Figure 3: Section through a fixed-angle rotor on its drive cone."),
        *text(
            "To remove the rotor, hold it with one hand, turn the nut anticlockwise until a second "
            "resistance is felt, and overcome it: the nut then pushes the rotor off the cone."
        ),
        Heading("4.2 Rotors for this instrument", 1),
        table("Table 2: Rotors, places and greatest force", tables.ROTORS, (3, 6, 4, 3, 5)),
    ]


def _operation() -> list[Flowable]:
    return [
        *_next("double"),
        Heading("5 Operation", 0),
        Heading("5.1 Switching on", 1),
        *text(
            "Press the mains switch at the right side. After the self-test the display shows the "
            "values of the last run. If the lid is closed, press LID to open it; the lock opens "
            "only while the rotor is at rest."
        ),
        figure(figures.panel(), "Figure 4: Display, dial and keys.", COLUMN),
        Heading("5.2 Setting a run", 1),
        steps(
            "Press the dial until FORCE is marked, turn it to the value, press again.",
            "Set TIME from 10 seconds to 99 hours, or to HOLD.",
            "Set TEMP from -10 °C to 40 °C.",
            "Close the lid until both locks click.",
            "Press START. The lamp in the key is lit while the rotor turns.",
        ),
        *text(
            "Values may be changed during a run. A change takes effect two seconds after the dial "
            "was last touched."
        ),
        Heading("5.3 Short runs", 1),
        *text(
            "Hold PULSE down. The rotor accelerates as fast as it can for as long as the key is "
            "held, and brakes when it is let go. The display counts the seconds."
        ),
        Heading("5.4 Cooling before a run", 1),
        *text(
            "Close the lid on the empty rotor and hold LID for three seconds. The instrument turns "
            "the rotor slowly until the chamber has the set temperature, then beeps twice. Going "
            "from room temperature to 4 °C takes about 11 minutes."
        ),
        Heading("5.5 Stopping", 1),
        *text(
            "The run ends by itself when the time is over. STOP ends it at once with the chosen "
            "brake setting. Pressing STOP twice brakes as hard as the rotor allows; use this only "
            "in danger, since loose pellets come up again."
        ),
        Heading("5.6 The end-of-run signal", 1),
        *text(
            "Three tones tell that the rotor stands still. To change the volume, hold the dial "
            "while switching on, and choose a level from 0 to 5."
        ),
        Heading("5.7 Locking the keys", 1),
        *text(
            "Hold START and STOP together for five seconds. A key symbol appears, and values can "
            "be seen but not changed. The same keys release the lock. A running program goes on "
            "undisturbed in either case."
        ),
        Heading("5.8 Reading the display", 1),
        *text(
            "Set values are shown while the rotor is at rest, actual values while it turns. An "
            "arrow beside FORCE tells that the rotor accelerates or brakes. A snowflake tells "
            "that the cooling works."
        ),
        Heading("5.9 Several users", 1),
        *text(
            "Up to 20 users can sign in with a PIN of four digits. Programs of one user are hidden "
            "from the others. Without signing in, only programs P1 to P8 can be started."
        ),
    ]


def _programs() -> list[Flowable]:
    return [
        *_next("single"),
        Heading("6 Programs", 0),
        Heading("6.1 Programs from the factory", 1),
        table("Table 3: Programs P1 to P8", tables.PROGRAMS, (4, 8, 5, 4, 4, 3, 3)),
        Heading("6.2 Your own programs", 1),
        *text(
            "Set a run as in section 5.2, hold the dial for two seconds, choose a free number from "
            "P9 to P50 and press the dial. A program keeps the rotor it was made with; with "
            "another rotor in place it asks before it starts."
        ),
        Heading("6.3 Acceleration and brake profiles", 1),
        *text(
            "Profiles run from 1, the gentlest, to 9, the fastest. Figure 5 shows the force over "
            "time for a run of ten minutes with rotor R-2402. Brake 0 lets the rotor run out "
            "freely, which takes up to 14 minutes."
        ),
        figure(figures.profile(), "Figure 5: Force over time with profiles 1, 5 and 9."),
    ]


def _maintenance() -> list[Flowable]:
    return [
        *_next(),
        Heading("7 Care and maintenance", 0),
        Heading("7.1 Schedule", 1),
        table("Table 4: Maintenance schedule", tables.MAINTENANCE, (4, 11, 3)),
        Heading("7.2 Replacing the lid seal in an emergency", 1),
        steps(
            "Switch off and pull the mains plug.",
            "Pull the old seal out of its groove, beginning at the rear.",
            "Clean the groove with alcohol.",
            "Press the new seal in, joint to the rear, without stretching it.",
        ),
        Heading("7.3 Life of rotors", 1),
        *text(
            "Aluminium rotors serve for 7 years or 50 000 runs, whichever comes first; plastic "
            "lids of buckets for 3 years. The instrument counts the runs of each rotor and warns "
            "when 500 are left."
        ),
        Heading("7.4 Moving and storing", 1),
        *text(
            "Put the transport screws back before every move. Store the instrument dry between "
            "-20 °C and 60 °C with the lid ajar."
        ),
    ]


def _errors() -> list[Flowable]:
    return [
        *_next(),
        Heading("8 Error codes", 0),
        *text(
            "An error stops the run and shows its code. Remove the cause, then press STOP to clear "
            "the display. If the code comes back, call the service and name it."
        ),
        table("Table 5: Error codes, causes and remedies", tables.ERRORS, (2, 7, 10)),
        Heading("8.1 When the display stays dark", 1),
        *text(
            "Check that the socket is live and the mains lead is seated. If it is, the fault lies "
            "inside the instrument: pull the plug and call the service."
        ),
        Heading("8.2 Unusual noise", 1),
        *text(
            "A hum while accelerating is normal. Grinding or knocking is not: press STOP twice, "
            "wait until the rotor stands still, and look for broken tubes or a loose rotor nut."
        ),
    ]


def _specifications() -> list[Flowable]:
    return [
        *_next(),
        Heading("9 Specifications", 0),
        table("Table 6: Technical data of all variants", tables.SPECIFICATIONS, (6, 9)),
        Heading("9.1 Standards met", 1),
        *text(
            "Safety of laboratory centrifuges: IEC 61010-2-020. Electromagnetic compatibility: "
            "IEC 61326-1. The test certificate in the box names the values measured on your unit."
        ),
        Heading("9.2 Records", 1),
        *text(
            "The instrument keeps the last 1000 runs with date, rotor, set and actual values, and "
            "errors. Put a USB-C stick in at the rear and choose RECORDS in the menu to copy them "
            "as a CSV file."
        ),
    ]


def _service() -> list[Flowable]:
    return [
        *_next(),
        Heading("10 Service and spare parts", 0),
        Heading("10.1 Spare parts", 1),
        table("Table 7: Spare parts and consumables", tables.SPARE_PARTS, (3, 9, 3)),
        Heading("10.2 Warranty", 1),
        *text(
            "The warranty covers material and manufacture for 30 months from delivery. It does "
            "not cover glass, seals, damage by wrong use, or work by others on the drive or the "
            "cooling circuit. Rotors carry a warranty of their own of 5 years against corrosion."
        ),
        Heading("10.3 Sending the instrument in", 1),
        steps(
            "Disinfect the instrument and fill in the declaration of decontamination.",
            "Remove the rotor and fit the transport screws.",
            "Ask the service for a return number and write it on the box.",
            "Ship upright, on a pallet, in the original packing.",
        ),
        Heading("10.4 Disposal", 1),
        *text(
            "The instrument does not belong in household waste. The refrigerant and the buffer "
            "cell must be removed by a certified company. The maker takes instruments back free of "
            "charge."
        ),
    ]
