import HearthCommand

await ServiceCommand<Tagger>.start()
