import HearthCommand

await HearthMain.start()
