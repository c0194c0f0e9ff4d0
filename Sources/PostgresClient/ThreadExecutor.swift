import Glibc

/// Runs an actor's jobs one after another on a thread of its own, so that they may block in C.
///
/// `@unchecked`: `jobs` and `isStopped` are touched only under `mutex`, by any thread; the thread of the executor
/// alone runs jobs.
final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let wakeUp: UnsafeMutablePointer<pthread_cond_t>
  private var jobs: [UnownedJob] = []
  private var isStopped = false

  /// Starts the thread. Throws when the system has no thread to give.
  init() throws(PostgresFailure) {
    mutex = .allocate(capacity: 1)
    wakeUp = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wakeUp, nil)
    var thread = pthread_t()
    let kept = Unmanaged.passRetained(self)
    let status = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<ThreadExecutor>.fromOpaque(argument).takeRetainedValue().loop()
        return nil
      },
      kept.toOpaque()
    )
    guard status == 0 else {
      kept.release()
      throw PostgresFailure(sqlstate: "53000", reason: "no thread for a connection: errno \(status)")
    }
    pthread_detach(thread)
  }

  deinit {
    pthread_cond_destroy(wakeUp)
    pthread_mutex_destroy(mutex)
    wakeUp.deallocate()
    mutex.deallocate()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pthread_mutex_lock(mutex)
    jobs.append(job)
    pthread_cond_signal(wakeUp)
    pthread_mutex_unlock(mutex)
  }

  /// Ends the thread after the jobs that are waiting. Called by the actor's deinit: no job can come after it.
  func stop() {
    pthread_mutex_lock(mutex)
    isStopped = true
    pthread_cond_signal(wakeUp)
    pthread_mutex_unlock(mutex)
  }

  private func loop() {
    while let batch = next() {
      for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
  }

  /// Waits for jobs; nil when stopped and none is left.
  private func next() -> [UnownedJob]? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while jobs.isEmpty && !isStopped { pthread_cond_wait(wakeUp, mutex) }
    guard !jobs.isEmpty else { return nil }
    defer { jobs.removeAll(keepingCapacity: true) }
    return jobs
  }
}
