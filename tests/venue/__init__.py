"""Exchanges on loopback for real ccxt clients: candles of Binance, OKX, Bybit and Kraken; trading on Binance.

`server.py` serves both over TLS; `trading_client.py` is where a test of trading begins.
"""
