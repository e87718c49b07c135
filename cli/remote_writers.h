// SPDX-License-Identifier: Apache-2.0
// The endpoints of `remote_write` as one sink of the rules, replaceable while ticks write to it.
//
//   ASSIGN_OR_RETURN(RemoteWriters::Change change, writers.Prepare(config));  // nothing changes
//   writers.Install(std::move(change));                                       // cannot fail
//
// What becomes of the endpoints in Install: unchanged ones keep their writer and its queue; where
// one with the same url changed (or external_labels did), the new writer takes over what the old
// one had not sent, so no sample is lost and the order of each series is kept; the others are
// drained in the background and then dropped.
//
// Threads: Enqueue and Stats from any thread; Prepare, Install and Stop from one at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cli/config.h"
#include "engine/remote/remote_write.h"
#include "rules/output.h"

namespace sloburn::cli {

class RemoteWriters : public rules::SampleSink {
 public:
  // `drain`: how long removed endpoints, and all at Stop, may go on sending.
  explicit RemoteWriters(absl::Duration drain) : drain_(drain) {}
  ~RemoteWriters() override { Stop(); }

 private:
  struct Endpoint {
    RemoteWriteConfig config;
    std::map<std::string, std::string> external_labels;
    std::shared_ptr<remote::RemoteWriter> writer;
    std::shared_ptr<remote::RemoteWriter> replaced;  // whose queue is to be taken over
    std::vector<SeriesSample> held;                  // while that goes on
  };

 public:
  // New endpoints, their writers already running.
  class Change {
    friend class RemoteWriters;
    std::vector<Endpoint> endpoints_;
  };

  // Errors: those of RemoteWriter::Create, with the endpoint's url.
  absl::StatusOr<Change> Prepare(const Config& config) const;
  // Waits for requests of replaced writers to be cut off; ticks go on meanwhile.
  void Install(Change change);

  void Enqueue(std::vector<SeriesSample> samples) override;

  // Drains all endpoints side by side; later samples are ignored. Idempotent.
  void Stop();

  // By name.
  std::vector<std::pair<std::string, remote::RemoteWriteStats>> Stats() const;

 private:
  struct Retired {
    std::shared_ptr<std::atomic<bool>> is_done;
    std::thread thread;
  };

  void Retire(std::shared_ptr<remote::RemoteWriter> writer);
  void JoinRetired(bool waits);
  void TakeOver(const std::shared_ptr<remote::RemoteWriter>& writer,
                const std::shared_ptr<remote::RemoteWriter>& replaced);

  const absl::Duration drain_;
  mutable absl::Mutex mutex_;
  std::vector<Endpoint> endpoints_ ABSL_GUARDED_BY(mutex_);
  std::vector<Retired> retired_;  // of the thread that installs
};

}  // namespace sloburn::cli
