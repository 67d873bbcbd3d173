"""How each venue says it: its public endpoints for time, markets and candles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.venue.candle_book import MINUTE_MS, CandleBook, Row

Query = Mapping[str, str]
BASES = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "LINK", "DOT")
FAR_MS = 10**14


class CandleQuestion(NamedTuple):
    """A request for candles, understood; `say` makes the venue's document of rows that ascend."""

    symbol: str
    rows: list[Row]
    say: Callable[[list[Row]], Any]


def binance_info(query: Query) -> Any:
    return {"symbols": [_binance_market(base) for base in BASES]}


def binance_contracts(query: Query) -> Any:
    contract = {"contractType": "PERPETUAL", "marginAsset": "USDT", "deliveryDate": FAR_MS // 10}
    return {"symbols": [{**_binance_market(base), **contract} for base in BASES]}


def binance_candles(book: CandleBook, query: Query) -> CandleQuestion:
    step_ms = _named_ms(query["interval"])
    start, limit = int(query["startTime"]), min(int(query["limit"]), 1000)
    rows = book.rows(query["symbol"], step_ms, start, int(query.get("endTime", FAR_MS)) + 1, limit)

    def say(rows: list[Row]) -> Any:
        return [[*row, row[0] + step_ms - 1, "1.0", 10, "0.5", "0.5", "0"] for row in rows]

    return CandleQuestion(query["symbol"], rows, say)


def binance_depth(query: Query) -> Any:
    return {"lastUpdateId": 1, "bids": [["99.5", "2"], ["99", "5"]], "asks": [["100.5", "1"]]}


def binance_trades(book: CandleBook) -> Any:
    told, (first_ms, last_ms) = {"f": 1, "l": 1, "M": True}, book.traded_ms
    return [
        {**told, "a": 1, "p": "100", "q": "0.5", "T": first_ms, "m": True},
        {**told, "a": 2, "p": "101", "q": "0.25", "T": last_ms, "m": False},
    ]


def bybit_info(query: Query) -> Any:
    contract = query["category"] != "spot"
    markets = [] if query.get("status") or query["category"] == "inverse" else list(map(_bybit_market, BASES))
    for market in markets if contract else ():
        market |= {
            "contractType": "LinearPerpetual",
            "settleCoin": "USDT",
            "deliveryTime": "0",
            "launchTime": "0",
        }
    return _bybit({"category": query["category"], "list": markets, "nextPageCursor": ""})


def bybit_time(book: CandleBook) -> Any:
    return {**_bybit({"timeSecond": str(book.now_ms // 1000)}), "time": book.now_ms}


def bybit_candles(book: CandleBook, query: Query) -> CandleQuestion:
    step_ms = int(query["interval"]) * MINUTE_MS if query["interval"].isdigit() else 1440 * MINUTE_MS
    start, limit = int(query["start"]), min(int(query["limit"]), 1000)
    rows = book.newest(query["symbol"], step_ms, start, start + limit * step_ms, limit)

    def say(rows: list[Row]) -> Any:
        told = [[str(row[0]), *row[1:], "1.0"] for row in reversed(rows)]
        return _bybit({"symbol": query["symbol"], "category": query["category"], "list": told})

    return CandleQuestion(query["symbol"], rows, say)


def okx_info(query: Query) -> Any:
    return _okx([_okx_market(base, query["instType"]) for base in BASES])


def okx_time(book: CandleBook) -> Any:
    return _okx([{"ts": str(book.now_ms)}])


def okx_candles(book: CandleBook, query: Query) -> CandleQuestion:
    step_ms = _named_ms(query["bar"].lower().removesuffix("utc"))
    after, before = int(query.get("after", FAR_MS)), int(query.get("before", 0))
    rows = book.newest(query["instId"], step_ms, before + 1, after, min(int(query["limit"]), 300))

    def say(rows: list[Row]) -> Any:
        return _okx([[str(row[0]), *row[1:], row[5], "1", "1"] for row in reversed(rows)])

    return CandleQuestion(query["instId"], rows, say)


def kraken_assets(query: Query) -> Any:
    assets = {
        name: {"aclass": "currency", "altname": name, "decimals": 8, "display_decimals": 5} for name in BASES
    }
    return _kraken(
        {**assets, "USDT": {"aclass": "currency", "altname": "USDT", "decimals": 8, "display_decimals": 4}}
    )


def kraken_info(query: Query) -> Any:
    return _kraken({f"{base}USDT": _kraken_market(base) for base in BASES})


def kraken_time(book: CandleBook) -> Any:
    return _kraken({"unixtime": book.now_ms // 1000, "rfc1123": ""})


def kraken_candles(book: CandleBook, query: Query) -> CandleQuestion:
    step_ms = int(query["interval"]) * MINUTE_MS
    since_ms = int(query.get("since", 0)) * 1000
    newest = book.newest(query["pair"], step_ms, 0, FAR_MS, 720)
    rows = [row for row in newest if row[0] > since_ms]

    def say(rows: list[Row]) -> Any:
        told = [[row[0] // 1000, *row[1:5], row[4], row[5], 3] for row in rows]
        return _kraken({query["pair"]: told, "last": book.now_ms // 1000})

    return CandleQuestion(query["pair"], rows, say)


def _named_ms(name: str) -> int:
    minutes = {"m": 1, "h": 60, "d": 1440}[name[-1]]
    return int(name[:-1]) * minutes * MINUTE_MS


def _binance_market(base: str) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT",
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "isSpotTradingAllowed": True,
        "permissions": ["SPOT"],
        "filters": [],
        "pricePrecision": 2,
        "quantityPrecision": 3,
    }


def _bybit_market(base: str) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT",
        "baseCoin": base,
        "quoteCoin": "USDT",
        "status": "Trading",
        "lotSizeFilter": {"basePrecision": "0.001", "qtyStep": "0.001"},
        "priceFilter": {"tickSize": "0.01"},
    }


def _okx_market(base: str, kind: str) -> dict[str, Any]:
    if kind == "SPOT":
        return {
            "instId": f"{base}-USDT",
            "instType": kind,
            "baseCcy": base,
            "quoteCcy": "USDT",
            "state": "live",
        }
    return {
        "instId": f"{base}-USDT-SWAP",
        "instType": kind,
        "uly": f"{base}-USDT",
        "settleCcy": "USDT",
        "ctType": "linear",
        "ctVal": "1",
        "state": "live",
    }


def _kraken_market(base: str) -> dict[str, Any]:
    names = {"altname": f"{base}USDT", "wsname": f"{base}/USDT", "base": base, "quote": "USDT"}
    return {**names, "pair_decimals": 2, "lot_decimals": 8, "ordermin": "0.001", "status": "online"}


def _bybit(result: Any) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result}


def _okx(data: Any) -> dict[str, Any]:
    return {"code": "0", "msg": "", "data": data}


def _kraken(result: Any) -> dict[str, Any]:
    return {"error": [], "result": result}
