import HearthCommand

await ServiceCommand<Segmenter>.start()
