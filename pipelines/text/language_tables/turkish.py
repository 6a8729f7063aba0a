"""What is known of Turkish."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

TURKISH = LanguageTable(
    code="tr",
    name="Turkish",
    stemmer="turkish",
    joins="endings",
    small=listed("""
        ve veya ya da de ile için bir bu şu o bunlar şunlar onlar ben sen biz siz mi mı mu mü ki gibi
        kadar daha en çok az ama fakat ancak hem her hiç ne nedir neden niçin niye nasıl hangi
        hangisi kim kimin kime nerede nereye nereden kaç olan olarak olur oldu var yok
        üzerinde içinde altında sonra önce ise ya göre tarafından değil
    """),
    negations=listed("değil yok hiç asla olmadan olmaz"),
    numbers=counted("""
        sıfır 0 bir 1 iki 2 üç 3 dört 4 beş 5 altı 6 yedi 7 sekiz 8 dokuz 9 on 10 yirmi 20 otuz 30
        kırk 40 elli 50 altmış 60 yetmiş 70 seksen 80 doksan 90 yüz 100 bin 1000 milyon 1e6
        milyar 1e9 yarım 0.5 çeyrek 0.25 düzine 12
    """),
    units=pairs("""
        g: gram
        kg: kilogram kilo
        mm: milimetre
        cm: santimetre
        m: metre
        l: litre
        s: saniye
        min: dakika
        h: saat
        days: gün
        %: yüzde
        V: volt
        A: amper
        W: vat watt
        °C: derece
    """),
    attributes=pairs("""
        mass: ağırlık ağırlığı kütle
        length: uzunluk uzunluğu yükseklik yüksekliği genişlik genişliği derinlik çap çapı kalınlık mesafe
        volume: hacim hacmi kapasite kapasitesi
        temperature: sıcaklık sıcaklığı
        pressure: basınç basıncı
        voltage: gerilim gerilimi voltaj voltajı
        current: akım akımı
        power: güç gücü
        torque: tork torku
        speed: hız hızı
        frequency: frekans frekansı
        time: süre süresi
        colour: renk rengi
        material: malzeme malzemesi
        price: fiyat fiyatı
        count: sayı sayısı miktar miktarı
        date: tarih tarihi yıl yılı
    """),
    questions={
        "number": r"""
            kaç
            ne kadar
            yüzde
        """,
        "steps": r"""
            nasıl
            adım\w*
            talimat\w*
        """,
        "date": r"""
            ne zaman
            hangi (?:yıl|tarih|gün|ay|yüzyıl)\w*
        """,
        "name": r"""
            kim\w*
            nere\w+
            hangi (?:şehir|ülke|kişi|şirket)\w*
        """,
        "reason": r"""
            neden
            niçin
            niye
        """,
    },
    asking="kim ne hangi nasıl neden niçin nerede kaç",
    joining="ve veya",
    dates=r"""
        yüzyıl\w*
        (?:ocak|şubat|mart|nisan|mayıs|haziran|temmuz|ağustos|eylül|ekim|kasım|aralık)\w*
        yıl\w*
    """,
    reasons=r"""
        çünkü
        nedeni\w*
        yüzünden
        dolayı
        için
        sebe\w+
    """,
)
