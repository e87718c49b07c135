// SPDX-License-Identifier: Apache-2.0
// Sends what comes into the outbox to one endpoint by remote write, on a thread of its own.
//
//   ASSIGN_OR_RETURN(auto writer, OutboxWriter::Create(options, outbox));
//   writer->Start();                      // the outbox has a reader of that name
//   ...
//   writer->Stop(absl::Seconds(5));       // what is left stays in the outbox
//
// Batches go out one after the other, so the order of each series is kept, and each is acknowledged
// once the endpoint has accepted or refused all of it. A batch that an earlier writer, or an earlier
// process, may have sent already is sent again as it was.
// Ownership: the outbox must outlive it. Threads: Start and Stop from one, Stats from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/model/labels.h"
#include "engine/model/relabel.h"
#include "engine/remote/write_sender.h"
#include "engine/storage/outbox.h"

namespace sloburn::remote {

struct OutboxWriterOptions {
  std::string reader;  // in the outbox
  WriteSenderOptions sender = {};
  size_t max_samples_per_send = 2000;
  std::vector<Label> external_labels = {};  // added where a series lacks them
  std::vector<RelabelRule> relabel = {};    // afterwards
};

class OutboxWriter {
 public:
  // Errors: those of WriteSender::Create, InvalidArgument for the options.
  static absl::StatusOr<std::unique_ptr<OutboxWriter>> Create(OutboxWriterOptions options,
                                                              Outbox& outbox);
  ~OutboxWriter();  // Stop(0)

  void Start();
  // Sends what is pending for at most `drain`; then cuts off the request under way. Idempotent.
  void Stop(absl::Duration drain);

  RemoteWriteStats Stats() const;
  const std::string& name() const { return sender_->name(); }
  const std::string& reader() const { return options_.reader; }

 private:
  OutboxWriter(OutboxWriterOptions options, std::unique_ptr<WriteSender> sender, Outbox& outbox)
      : options_(std::move(options)), sender_(std::move(sender)), outbox_(outbox) {}
  void Run();
  WriteBatch ToWriteBatch(OutboxBatch batch);

  const OutboxWriterOptions options_;
  const std::unique_ptr<WriteSender> sender_;
  Outbox& outbox_;
  std::atomic<int64_t> samples_relabelled_away_{0};
  std::thread thread_;
};

}  // namespace sloburn::remote
