"""What is known of Japanese."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

JAPANESE = LanguageTable(
    code="ja",
    name="Japanese",
    spaced=False,
    small=listed("""
        の は が を に へ で と も から まで より や か ね よ です ます ました でした である だ する した して
        いる ある なる この その あの どの これ それ あれ どれ ここ そこ どこ 何 なに なん 誰 だれ いつ
        なぜ どう どうして いくつ いくら どんな どちら ください
    """),
    negations=listed("ない ません なかった ず 非 不 無 禁止 しないで"),
    numbers=counted("""
        零 0 一 1 二 2 三 3 四 4 五 5 六 6 七 7 八 8 九 9 十 10 百 100 千 1000 万 1e4 億 1e8 半 0.5
    """),
    units=pairs("""
        g: グラム
        kg: キログラム キロ
        mm: ミリメートル ミリ
        cm: センチメートル センチ
        m: メートル
        l: リットル
        s: 秒
        min: 分
        h: 時間
        days: 日
        %: パーセント
        V: ボルト
        A: アンペア
        W: ワット
        °C: 度
    """),
    attributes=pairs("""
        mass: 重量 重さ 質量
        length: 長さ 高さ 幅 深さ 直径 厚さ 距離 寸法 サイズ
        volume: 体積 容量
        temperature: 温度
        pressure: 圧力
        voltage: 電圧
        current: 電流
        power: 電力 出力
        torque: トルク
        speed: 速度 回転数
        frequency: 周波数
        time: 時間
        colour: 色
        material: 材料 材質
        price: 価格 費用
        count: 数 個数 数量
        date: 日付 年
    """),
    questions={
        "steps": r"""
            手順
            方法
            どうやって
            どのように
            どうすれば
        """,
        "number": r"""
            いくつ
            いくら
            何(?:個|本|回|人|台|枚|キロ|グラム|メートル|度|パーセント|分|秒|時間|ボルト|ワット)
            どのくらい
            どれくらい
            割合
        """,
        "date": r"""
            いつ
            何(?:年|月|日|時(?!間)|世紀)
        """,
        "name": r"""
            誰
            だれ
            どこ
            どの(?:都市|国|人|会社)
        """,
        "reason": r"""
            なぜ
            どうして
            何故
            理由
        """,
    },
    asking="誰 何 いつ どこ なぜ どう どの いくつ",
    joining="そして また および",
    dates=r"""
        世紀
        年
        月
        曜日
    """,
    reasons=r"""
        ため
        から
        ので
        理由
        原因
    """,
)
