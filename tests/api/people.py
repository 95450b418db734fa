# SPDX-License-Identifier: MIT
"""Invented farmers with numbers that no other test uses."""
import datetime
import random
import string

_used = set()


def nrc():
    """A National Registration Card number, new in this run."""
    while True:
        text = "%06d/%02d/%d" % (random.randrange(10 ** 6), random.randrange(10, 99), 1)
        if text not in _used:
            _used.add(text)
            return text


def row_id(micros, number=None):
    """An id as one made at that time (microseconds); number stands for its random part."""
    number = random.getrandbits(44) if number is None else number
    return "%08x%05x%011x" % (*divmod(micros, 10**6), number)


def word(letters=9):
    """A made-up name, new with near certainty: for searches."""
    return "".join(random.choice(string.ascii_lowercase) for _ in range(letters)).title()


def phone():
    return "+2609%08d" % random.randrange(10 ** 8)


CHIBOMBO = {
    "province_code": "CP", "province_name": "Central Province",
    "district_code": "CP01", "district_name": "Chibombo District",
    "chiefdom_code": "CP01-001", "chiefdom_name": "Chief Chitanda",
    "village": "Kayosha",
}
KAWAMBWA = {
    "province_code": "LP", "province_name": "Luapula Province",
    "district_code": "LP05", "district_name": "Kawambwa District",
    "chiefdom_code": "LP05-002", "chiefdom_name": "Chief Chama",
    "village": "Chisenga",
}
FARM = {
    "farm_size_hectares": 2.5, "crops_grown": ["maize", "groundnuts"],
    "livestock_types": ["goats", "chickens"], "has_irrigation": True,
    "years_farming": 7,
}
HOME = {
    "household_size": 5, "number_of_dependents": 3, "primary_income_source": "Farming",
}


def form(personal=None, address=None, place=None, **sections):
    """A registration as the client sends it; `personal` and `address` change or,
    with the value ..., leave out single fields."""
    body = {
        "personal_info": {
            "first_name": "Mary", "last_name": word(), "phone_primary": phone(),
            "nrc": nrc(), "date_of_birth": "1990-01-15", "gender": "Female",
        },
        "address": dict(place or CHIBOMBO),
    }
    for name, change in (("personal_info", personal), ("address", address)):
        for key, value in (change or {}).items():
            if value is ...:
                body[name].pop(key, None)
            else:
                body[name][key] = value
    body.update(sections)
    return body


def path(farmer, tail=""):
    return "/api/farmers/" + farmer["farmer_id"] + tail


def years_ago(years, days=0):
    """A birth date of somebody so old today."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return (today - datetime.timedelta(days=round(years * 365.25) + days)).isoformat()
