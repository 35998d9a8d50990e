"""The till screen: find a guest, hold and capture rewards, key in a sale, adjust, undo."""
