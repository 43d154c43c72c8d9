"""Dates of the English console as the portal writes them, not as in the United States."""

# With spaces that do not break: a narrow column keeps a date in one line.
DATE_FORMAT = SHORT_DATE_FORMAT = "j\xa0M\xa0Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j\xa0M\xa0Y\xa0H:i"
TIME_FORMAT = "H:i"
MONTH_DAY_FORMAT = "j M"
YEAR_MONTH_FORMAT = "M Y"
