import HearthCommand

await ServiceCommand<Ingest>.start()
