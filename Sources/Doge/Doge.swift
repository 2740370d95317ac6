// Doge
