import HearthCommand

await ServiceCommand<Scheduler>.start()
