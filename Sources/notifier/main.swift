import HearthCommand

await ServiceCommand<Notifier>.start()
