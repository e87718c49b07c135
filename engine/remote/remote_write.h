// SPDX-License-Identifier: Apache-2.0
// Sends samples to one endpoint by remote write from a queue in memory, on a thread of its own: for
// bulk transfers. What rules write goes through the outbox (outbox_writer.h).
//
//   ASSIGN_OR_RETURN(auto writer, RemoteWriter::Create(options));
//   writer->Enqueue(samples);  // never blocks and never fails
//   writer->Flush();           // do not wait for more
//   writer->Stop(absl::Seconds(5));
//
// Samples go out in the order they came, over one connection, one request at a time; write_sender.h
// tells what becomes of them. Where the queue is full, the oldest are dropped and logged.
//
// Threads: every function may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/model/sample.h"
#include "engine/remote/write_sender.h"

namespace sloburn::remote {

struct RemoteWriterOptions {
  WriteSenderOptions sender = {};
  size_t capacity = 500'000;  // samples waiting
  size_t max_samples_per_send = 2000;
  absl::Duration batch_send_deadline = absl::Seconds(5);
};

class RemoteWriter {
 public:
  // Starts the thread. Errors: those of WriteSender::Create, InvalidArgument for the options.
  static absl::StatusOr<std::unique_ptr<RemoteWriter>> Create(RemoteWriterOptions options);
  ~RemoteWriter();  // Stop(0)

  void Enqueue(std::vector<SeriesSample> samples);
  void Flush();

  // False where samples are still pending at the deadline.
  bool WaitUntilSent(absl::Duration timeout);

  // Sends what is pending for at most `drain`, then drops and counts the rest. A request under way
  // is cut off. Idempotent.
  void Stop(absl::Duration drain);

  RemoteWriteStats Stats() const;
  const std::string& name() const { return sender_->name(); }

 private:
  struct Queued {
    SeriesSample sample;
    absl::Time since;
  };

  RemoteWriter(RemoteWriterOptions options, std::unique_ptr<WriteSender> sender);
  void Run();
  void EndThread();
  std::optional<WriteBatch> NextBatch();
  bool HasBatch() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RemoteWriterOptions options_;
  const std::unique_ptr<WriteSender> sender_;

  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<Queued> queue_ ABSL_GUARDED_BY(mutex_);
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t flush_until_ ABSL_GUARDED_BY(mutex_) = 0;  // so many of the queue need not wait
  bool is_draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time last_drop_log_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::thread thread_;
};

}  // namespace sloburn::remote
