// SPDX-License-Identifier: Apache-2.0
// Where commits are written before they show: what makes a store survive its process.
//
// Threads: Write is called by one thread at a time.
#pragma once

#include <cstdint>
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

class CommitLog {
 public:
  virtual ~CommitLog() = default;

  // All or nothing. On an error nothing is committed, and the error is the committer's.
  virtual absl::Status Write(const std::vector<CommittedSeries>& commit) = 0;
};

}  // namespace sloburn
