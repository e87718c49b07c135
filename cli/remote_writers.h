// SPDX-License-Identifier: Apache-2.0
// The endpoints of `remote_write` as readers of the outbox, replaceable while ticks write to it.
//
//   RemoteWriters writers(outbox, absl::Seconds(5));
//   ASSIGN_OR_RETURN(RemoteWriters::Change change, writers.Prepare(config));  // nothing changes
//   writers.Install(std::move(change));                                       // cannot fail
//
// An endpoint's place in the outbox goes by its name, or where it has none by its url. So what became
// of the endpoint that had that place before is sent by the one that has it now, over a reload or a
// restart, and in its order; with the labels of now. Endpoints that are gone are given `drain` to send
// what is left, which is then forgotten and told.
//
// Threads: Stats from any thread; Prepare, Install and Stop from one at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cli/config.h"
#include "engine/remote/outbox_writer.h"
#include "engine/storage/outbox.h"

namespace sloburn::cli {

class RemoteWriters {
 private:
  struct Endpoint {
    RemoteWriteConfig config;
    std::map<std::string, std::string> external_labels;
    std::shared_ptr<remote::OutboxWriter> writer;
  };

 public:
  // `outbox` must outlive the object.
  RemoteWriters(Outbox& outbox, absl::Duration drain) : outbox_(outbox), drain_(drain) {}
  ~RemoteWriters() { Stop(); }

  // The endpoints to be.
  class Change {
    friend class RemoteWriters;
    std::vector<Endpoint> endpoints_;
  };

  // Errors: those of OutboxWriter::Create, with the endpoint's url.
  absl::StatusOr<Change> Prepare(const Config& config) const;
  // Waits for requests of replaced writers to be cut off; ticks go on meanwhile.
  void Install(Change change);

  // Drains all endpoints side by side. What is left stays in the outbox. Idempotent.
  void Stop();

  // By name.
  std::vector<std::pair<std::string, remote::RemoteWriteStats>> Stats() const;

 private:
  static void StopAll(const std::vector<Endpoint>& endpoints, absl::Duration drain);

  Outbox& outbox_;
  const absl::Duration drain_;
  mutable absl::Mutex mutex_;
  std::vector<Endpoint> endpoints_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::cli
