// SPDX-License-Identifier: Apache-2.0
// Where commits are written before they show: what makes a store survive its process.
//
// Threads: Write is called by one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/model/labels.h"
#include "engine/storage/storage.h"

namespace sloburn {

// What a commit adds to one series.
struct CommittedSeries {
  uint32_t id;
  const Labels* labels;  // of a new series; otherwise null
  SampleView samples;    // newer than all before
  SampleView late;       // the others, in order of time
};

// A commit's samples on their way to other places (outbox.h).
struct OutboxEntry {
  int64_t seq = 0;  // later ones are greater
  int64_t samples = 0;
  int64_t newest_ms = 0;  // of the samples
  std::string record;  // journal_record.h
};

class CommitLog {
 public:
  virtual ~CommitLog() = default;

  // All or nothing. On an error nothing is committed, and the error is the committer's. `commit` may
  // be empty where there are values; `entry` is null where nothing is to be sent.
  virtual absl::Status Write(const std::vector<CommittedSeries>& commit,
                             const std::vector<NamedValue>& values, const OutboxEntry* entry) = 0;
};

}  // namespace sloburn
