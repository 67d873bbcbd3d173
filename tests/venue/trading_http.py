"""The venue that trades behind the HTTPS server: silence and cuts are made on the wire."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.venue.trading_faults import ConnectionCut, NoAnswer
from tests.venue.trading_venue import TradingVenue


async def traded(venue: TradingVenue, request: web.Request, closing: asyncio.Event) -> web.StreamResponse:
    """Its answer, or silence until the server closes."""
    url = f"https://{request.host.partition(':')[0]}{request.raw_path}"
    try:
        status, headers, body = venue.answer(request.method, url, request.headers, await request.text())
    except NoAnswer:
        await closing.wait()
        return web.Response(status=500)
    except ConnectionCut as cut:
        return await cut_off(request, cut.body)
    return web.Response(status=status, headers=headers, body=body.encode())


async def cut_off(request: web.Request, body: str) -> web.StreamResponse:
    """The connection ends, in the middle of the body when there is one."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body) + 10)})
    if body:
        await response.prepare(request)
        await response.write(body[: len(body) // 2].encode())
    assert request.transport is not None
    request.transport.abort()
    return response
