"""What is known of Chinese."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

CHINESE = LanguageTable(
    code="zh",
    name="Chinese",
    spaced=False,
    small=listed("""
        的 了 是 在 和 与 或 有 什么 哪 哪个 哪些 谁 何时 何处 哪里 哪儿 为什么 为何 如何 怎么 怎样
        多少 几 吗 呢 这 那 这个 那个 我 你 您 他 她 它 们 请 被 把 对 从 到 以 及 也 都 就 而
    """),
    negations=listed("不 没 没有 无 非 未 别 勿 不要 不能 不得 禁止"),
    numbers=counted("""
        零 0 一 1 二 2 两 2 三 3 四 4 五 5 六 6 七 7 八 8 九 9 十 10 百 100 千 1000 万 1e4 亿 1e8 半 0.5
    """),
    units=pairs("""
        g: 克
        kg: 公斤 千克
        mm: 毫米
        cm: 厘米
        m: 米
        l: 升
        ml: 毫升
        s: 秒
        min: 分钟
        h: 小时
        days: 天
        %: 百分之
        V: 伏 伏特
        A: 安 安培
        W: 瓦 瓦特
        °C: 摄氏度
    """),
    attributes=pairs("""
        mass: 重量 质量
        length: 长度 高度 宽度 深度 直径 厚度 距离 尺寸
        volume: 体积 容量
        temperature: 温度
        pressure: 压力
        voltage: 电压
        current: 电流
        power: 功率
        torque: 扭矩
        speed: 速度 转速
        frequency: 频率
        time: 时间 时长
        colour: 颜色
        material: 材料 材质
        price: 价格 费用
        count: 数量 个数
        date: 日期 年份
    """),
    questions={
        "steps": r"""
            步骤
            如何
            怎么
            怎样
        """,
        "number": r"""
            多少
            几(?!月|年|号)
            百分
            多(?:长|久|高|大|远|重|快|深|宽|厚)
        """,
        "date": r"""
            什么时候
            何时
            哪一?年
            哪一?天
            几月
            几号
        """,
        "name": r"""
            谁
            哪里
            哪儿
            何处
            何地
            哪个(?:城市|国家|人|公司)
        """,
        "reason": r"""
            为什么
            为何
            什么原因
        """,
    },
    asking="谁 什么 哪 何时 为什么 如何 怎么 多少",
    joining="以及 并且 还有",
    dates=r"""
        世纪
        年
        月
        星期
    """,
    reasons=r"""
        因为
        由于
        为了
        所以
        原因
        因此
    """,
)
