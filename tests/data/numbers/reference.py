#!/usr/bin/env python3
"""Writes regions.tsv: numbers of every region as they are dialled, with their written forms, by an implementation of
the rules that shares nothing with the server but the numbering plans: it uses the Python port of libphonenumber.

    pip install phonenumbers==9.0.42    # the release that src/rules/screening/number/plan.rs names
    tests/data/numbers/reference.py > tests/data/numbers/regions.tsv
"""

import random
import re

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

KINDS = [PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE]
ABROAD = {"GB": "12025550123"}


def is_e164(digits):
    return 2 <= len(digits) <= 15 and not digits.startswith("0")


def international(digits):
    """The digits behind the + of the E.164 form, and whether there is such a number."""
    try:
        number = phonenumbers.parse("+" + digits, None)
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:], True
    except phonenumbers.NumberParseException:
        pass
    return (digits, False) if is_e164(digits) else None


def national(region, digits):
    prefix = PhoneMetadata.metadata_for_region(region).international_prefix
    own = re.match(prefix, digits) if prefix else None
    # As in libphonenumber: no number begins with 0 behind an international prefix.
    if own and not digits[own.end():].startswith("0"):
        return None
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:], True
    return None


def read(region, digits):
    prefix = PhoneMetadata.metadata_for_region(region).international_prefix
    own = re.match(prefix, digits) if prefix else None
    prefixed = [digits[own.end():]] if own else []
    prefixed += [digits[2:]] if digits.startswith("00") else []
    prefixed = [reading for reading in map(international, prefixed) if reading]
    alone = international(digits)
    readings = prefixed + [national(region, digits)] + ([alone] if alone and alone[1] else [])
    valid = [reading for reading in readings if reading and reading[1]]
    return (valid or prefixed or [None])[0]


def forms(region, digits):
    reading = read(region, digits)
    if reading is None:
        return [digits]
    e164, valid = reading
    plan = PhoneMetadata.metadata_for_region(region)
    written = ["+" + e164]
    if e164.startswith(str(plan.country_code)) and len(e164) > len(str(plan.country_code)):
        significant = e164[len(str(plan.country_code)):]
        written.append((plan.national_prefix or "") + significant)
        try:
            number = phonenumbers.parse("+" + e164, None)
        except phonenumbers.NumberParseException:
            return written
        if phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:] == e164:
            text = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            if valid or text != significant:
                written.append(re.sub(r"\D", "", text))
    return list(dict.fromkeys(written))


def dialled(region):
    plan = PhoneMetadata.metadata_for_region(region)
    for kind in KINDS:
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None:
            continue
        significant = phonenumbers.national_significant_number(number)
        yield significant
        yield f"{plan.country_code}{significant}"
        yield re.sub(r"\D", "", phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))
        yield (plan.national_prefix or "") + significant
    prefix = re.sub(r"\D", "", plan.preferred_international_prefix or plan.international_prefix or "00")
    if plan.international_prefix and re.fullmatch(plan.international_prefix, prefix):
        yield prefix + ABROAD.get(region, "442070313000")
    for length in [3, 5, 6, 7, 8, 9, 10, 11, 12]:
        yield "".join(random.choice("0123456789") for _ in range(length))
    yield "0" + "".join(random.choice("0123456789") for _ in range(9))


def main():
    random.seed(phonenumbers.__version__)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for digits in dict.fromkeys(dialled(region)):
            print(region, digits, " ".join(forms(region, digits)), sep="\t")


if __name__ == "__main__":
    main()
