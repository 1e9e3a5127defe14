"""A day as it is picked: within the years in which a practice makes plans, so that every sum with it is a day, too."""

from typing import Any

from wtforms import DateField

YEARS = range(1900, 2201)


class PracticeDate(DateField):
    """A date; one that is far away is none, also for who asks before the form was judged."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and self.data.year not in YEARS:
            self.data = None
            raise ValueError(f"Please choose a day between {YEARS[0]} and {YEARS[-1]}.")
