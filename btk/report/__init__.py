"""Reports: numbers and text, pure folds over trades, equity and events."""
