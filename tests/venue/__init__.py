"""Exchanges on loopback, speaking the public endpoints of Binance, OKX, Bybit and Kraken, for real ccxt clients."""
