"""What is known of Korean."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

KOREAN = LanguageTable(
    code="ko",
    name="Korean",
    small=listed("""
        은 는 이 가 을 를 의 에 에서 에게 로 으로 와 과 도 만 그 저 이것 그것 저것 및 또는 그리고 하지만 또한
        무엇 무엇을 무엇이 무엇인가 무엇입니까 무슨 어떤 어느 누구 누가 언제 어디 어디에 어디서 어디에서 왜
        어떻게 얼마 얼마나 몇 있는 있다 있습니다 하는 한다 합니다 된다 됩니다 인가 입니까 수
    """),
    negations=listed("안 못 않는 않다 않습니다 아니다 아닙니다 없다 없는 없이 말고 금지"),
    numbers=counted("""
        영 0 일 1 이 2 삼 3 사 4 오 5 육 6 칠 7 팔 8 구 9 십 10 백 100 천 1000 만 1e4 억 1e8 하나 1 둘 2
        셋 3 넷 4 다섯 5 여섯 6 일곱 7 여덟 8 아홉 9 열 10 한 1 두 2 세 3 네 4 스물 20 절반 0.5
    """),
    units=pairs("""
        g: 그램
        kg: 킬로그램 킬로
        mm: 밀리미터
        cm: 센티미터
        m: 미터
        l: 리터
        s: 초
        min: 분
        h: 시간
        days: 일
        %: 퍼센트
        V: 볼트
        A: 암페어
        W: 와트
        °C: 도
    """),
    attributes=pairs("""
        mass: 무게 중량 질량
        length: 길이 높이 너비 폭 깊이 지름 직경 두께 거리 크기
        volume: 부피 용량
        temperature: 온도
        pressure: 압력
        voltage: 전압
        current: 전류
        power: 전력 출력
        torque: 토크
        speed: 속도
        frequency: 주파수
        time: 시간
        colour: 색 색상
        material: 재료 재질
        price: 가격 비용
        count: 수 개수 수량
        date: 날짜 연도
    """),
    questions={
        "steps": r"""
            어떻게
            방법\w*
            절차\w*
        """,
        "number": r"""
            얼마나?
            얼마\w*
            몇(?! ?(?:년|월|일))\w*
            비율\w*
            퍼센트\w*
        """,
        "date": r"""
            언제\w*
            몇 ?(?:년|월|일|세기)\w*
            어느 (?:해|날)\w*
        """,
        "name": r"""
            누구\w*
            누가
            어디\w*
            어느 (?:도시|나라|회사)\w*
        """,
        "reason": r"""
            왜
            이유\w*
        """,
    },
    asking="누구 누가 무엇 언제 어디 왜 어떻게 얼마 몇",
    joining="그리고 및 또는",
    dates=r"""
        \d+년\w*
        \d+월\w*
        세기\w*
        \w+요일\w*
    """,
    reasons=r"""
        때문\w*
        위해\w*
        이유\w*
        따라서
        원인\w*
    """,
)
