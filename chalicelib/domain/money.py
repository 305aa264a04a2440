"""Amounts of money: a Decimal that knows its currency, exact to the minor unit, never a float."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from chalicelib.errors import BadInput

# ISO 4217: active currencies. Those whose minor unit is not a hundredth are named with its digits.
_DIGITS = dict.fromkeys("""BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF""".split(), 0)
_DIGITS |= dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
_DIGITS |= dict.fromkeys(
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
    IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG""".split(),
    2,
)
CURRENCIES = frozenset(_DIGITS)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency, already rounded to that currency's minor unit.

    >>> Money.of("1234.5", "EUR") - Money.of("0.50", "EUR")
    Money(amount=Decimal('1234.00'), currency='EUR')
    """

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Make money from a decimal, rounded half up to the minor unit; refuses floats and unknown currencies."""
        if isinstance(amount, float):
            raise TypeError("money is never made from a float")
        if currency not in _DIGITS:
            raise BadInput("currency", f"{currency!r} is no ISO 4217 code", "write for example EUR, GBP or CHF")
        try:
            exact = Decimal(amount)
        except InvalidOperation:
            raise BadInput("amount", f"{amount!r} is no number", "write for example 1234.56") from None
        if not exact.is_finite():
            raise BadInput("amount", f"{amount!r} is no number", "write for example 1234.56")
        return cls(exact.quantize(Decimal(1).scaleb(-_DIGITS[currency]), ROUND_HALF_UP), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls.of(0, currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be reckoned together")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts that must all be in `currency`; zero of it when there are none."""
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result
