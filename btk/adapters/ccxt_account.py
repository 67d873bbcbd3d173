"""An account's ccxt client: bound to its keys, and looked over before anything is trusted to it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

import msgspec

from btk.adapters.ccxt_venues import Venue, account_less_client
from btk.model.errors import SettingsError, Unknown
from btk.model.orders import RECV_WINDOW_MS
from btk.model.secret import Secret

PROVEN = frozenset({("binance", "spot"), ("binance", "swap"), ("binanceusdm", "swap")})
HOSTS: Mapping[str, tuple[str, ...]] = {
    "binance": ("binance.com", "binance.vision", "binancefuture.com"),
    "binanceusdm": ("binance.com", "binance.vision", "binancefuture.com"),
    "bybit": ("bybit.com", "bybit-testnet.com", "bytick.com"),
    "okx": ("okx.com",),
    "kraken": ("kraken.com",),
}
WEIGHTS: Mapping[tuple[str, str], int] = {
    ("binance", "spot"): 6_000,
    ("binance", "swap"): 2_400,
    ("binanceusdm", "swap"): 2_400,
}
"""Request weight a minute and address. Source: Binance, rate limits in exchangeInfo."""
LEVERAGE, MARGIN_MODE = 1, "isolated"


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says of an account. `allow_withdrawals` and `unproven_venue` are overrides that are told.

    `looks_only`: no orders will be sent, so leverage and margin mode are left as they are.
    """

    venue: Venue
    api_key: Secret | None
    secret: Secret | None
    sandbox: bool = False
    allow_withdrawals: bool = False
    unproven_venue: bool = False
    looks_only: bool = False
    timeout_seconds: float = 10.0

    @property
    def market(self) -> tuple[str, str]:
        """The venue's name and the kind of market."""
        return self.venue.name, self.venue.kind

    @property
    def proven(self) -> bool:
        """Whether orders have been proven to be safe there."""
        return self.market in PROVEN


def account_client(terms: AccountTerms) -> Any:
    """A ccxt client with keys; `SettingsError` for keys that are missing, venues not proven, and clients not ccxt's own."""
    name, kind = terms.market
    if not terms.proven and (not terms.unproven_venue or kind == "spot"):
        hint = "; --unproven-venue takes the risk" if kind == "swap" else ""
        raise SettingsError(f"exchange {name} ({kind}): real orders have not been proven safe there{hint}")
    if terms.api_key is None or terms.secret is None:
        raise SettingsError(
            "exchange.api_key and exchange.secret: not set; put them in the environment or in a file of mode 0600"
        )
    # Where the venue counts weights the gate paces requests, with stops first; ccxt's own queue knows no hurry.
    client = account_less_client(terms.venue, terms.timeout_seconds, terms.market not in WEIGHTS)
    client.timeout_on_exit = 0
    _check_own(client)
    _choose_world(client, terms)
    _check_hosts(client, terms)
    client.options["recvWindow"] = RECV_WINDOW_MS
    if terms.proven and terms.venue.kind == "swap":
        # Contracts margined in coins live on another host and are not traded.
        client.options["fetchMarkets"] = {"types": ["linear"]}
    client.options["fetchOpenOrders"] = {"warnWithoutSymbol": False}
    client.options.pop("maxRetriesOnFailure", None)
    # At DEBUG it would log keys and signed bodies.
    client.verbose = False
    logging.getLogger("ccxt.base.exchange").setLevel(logging.INFO)
    client.apiKey, client.secret = terms.api_key.reveal(), terms.secret.reveal()
    return client


async def check_key(client: Any, terms: AccountTerms) -> tuple[str, ...]:
    """Warnings about the key; `SettingsError` when it can withdraw. Nothing is known where the venue does not tell."""
    if terms.sandbox or not terms.venue.name.startswith("binance"):
        return () if terms.sandbox else ("whether the key can withdraw is not known for this exchange",)
    told = await client.sapiGetAccountApiRestrictions()
    if "enableWithdrawals" not in told:
        raise Unknown(f"{terms.venue.name}: it does not say whether the key can withdraw")
    if _is_true(told.get("enableWithdrawals")) and not terms.allow_withdrawals:
        raise SettingsError(
            "exchange.api_key: this key can withdraw; take that right from it, or say --allow-withdrawal-key"
        )
    warnings = []
    if _is_true(told.get("enableWithdrawals")):
        warnings.append("the key can withdraw")
    if not _is_true(told.get("ipRestrict")):
        warnings.append("the key may be used from any address; restrict it to yours")
    return tuple(warnings)


async def account_id(client: Any, terms: AccountTerms) -> str:
    """A name for the account that stays: the venue's own, else made of the key."""
    if terms.venue.kind == "spot" and terms.venue.name == "binance":
        told = await client.privateGetAccount()
        if not _is_true(told.get("canTrade")):
            raise SettingsError("exchange.api_key: this key cannot trade")
        return str(told["uid"])
    if terms.proven:
        # Not of the key: who changes his key while a position is open has still the same account.
        for balance in await client.fapiPrivateV3GetBalance():
            if balance.get("accountAlias"):
                return str(balance["accountAlias"])
    return f"key-{blake2b(client.apiKey.encode(), digest_size=6).hexdigest()}"


async def prepare_contract(client: Any, unified: str) -> tuple[str, ...]:
    """Leverage 1 and isolated margin, read back; `SettingsError` in hedge mode. Warnings where an open position forbids."""
    if (await client.fetch_position_mode(unified))["hedged"]:
        raise SettingsError(f"{unified}: the account is in hedge mode; switch it to one-way mode")
    found = await _terms_of(client, unified)
    if found == (LEVERAGE, MARGIN_MODE):
        return ()
    if any(each.get("contracts") for each in await client.fetch_positions([unified])):
        return (f"{_said(unified, found)}; they cannot be changed while a position is open",)
    # Only what differs: to set what is set already is an error at some venues.
    if found[0] != LEVERAGE:
        await client.set_leverage(LEVERAGE, unified)
    if found[1] != MARGIN_MODE:
        await client.set_margin_mode(MARGIN_MODE, unified)
    found = await _terms_of(client, unified)
    if found != (LEVERAGE, MARGIN_MODE):
        raise SettingsError(f"{_said(unified, found)}, although they were set")
    return ()


async def _terms_of(client: Any, unified: str) -> tuple[Any, Any]:
    told = (await client.fetch_leverages([unified])).get(unified) or {}
    return told.get("longLeverage"), told.get("marginMode")


def _said(unified: str, found: tuple[Any, Any]) -> str:
    return (
        f"{unified}: leverage {found[0]} and margin mode {found[1]} instead of {LEVERAGE} and {MARGIN_MODE}"
    )


def _check_own(client: Any) -> None:
    module = type(client).__module__
    if not module.startswith("ccxt.async_support."):
        raise SettingsError(
            f"the exchange's client comes from {module}, not from ccxt; something has replaced it"
        )


def _choose_world(client: Any, terms: AccountTerms) -> None:
    if not terms.sandbox:
        return
    if terms.venue.kind == "swap" and terms.venue.name.startswith("binance"):
        client.enable_demo_trading(True)
    else:
        client.set_sandbox_mode(True)


def _check_hosts(client: Any, terms: AccountTerms) -> None:
    allowed = HOSTS.get(terms.venue.name)
    if allowed is None:
        if terms.unproven_venue:
            return
        raise SettingsError(
            f"exchange {terms.venue.name}: its addresses are not known; --unproven-venue trusts ccxt"
        )
    for url in _urls(client.urls["api"]):
        host = urlsplit(url.replace("{hostname}", client.hostname or "")).hostname or ""
        if not any(host == name or host.endswith(f".{name}") for name in allowed):
            raise SettingsError(
                f"exchange {terms.venue.name}: {host} is none of its addresses; keys are not sent there"
            )


def _urls(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for branch in tree.values():
            yield from _urls(branch)


def _is_true(told: Any) -> bool:
    return told is True or str(told).lower() == "true"
