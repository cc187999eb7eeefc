"""Headlines that several tests use."""

GOAL = "Striker scores twice as hosts reach the World Cup final"
"""Sports."""
OIL = "Oil prices climb as OPEC trims output"
"""Business."""

SCRIPTS = {
    "arabic": "البنك المركزي يثبت أسعار الفائدة",
    "chinese": "央行维持利率不变",
    "cyrillic": "Центральный банк сохранил ставку",
    "hindi": "केंद्रीय बैंक ने ब्याज दरें स्थिर रखीं",
    "emoji": "Goal! ⚽🏆 Champions again 🎉👩🏽‍🚀",
}
