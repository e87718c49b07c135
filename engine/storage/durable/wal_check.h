// SPDX-License-Identifier: Apache-2.0
// Whether a write-ahead log of SQLite is damaged in its midst. SQLite reads such a log up to the damage
// and says nothing, though what follows was committed.
//
//   ASSIGN_OR_RETURN(const WalCheck check, CheckWal("data/sloburn.db-wal"));
//   if (check.lost_commits > 0) ...
//
// The last commit may be torn, where its process ended in the midst of it or it failed: that alone is no
// damage. A power loss may leave behind more of what was not synced.
// The format is described in SQLite's documentation, "The Write-Ahead Log". Threads: pure function.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace sloburn {

struct WalCheck {
  int64_t good_frames = 0;
  int64_t lost_commits = 0;  // from the first frame on that is damaged; at least so many
  bool is_torn = false;      // one commit, the last, is not whole
};

// A file that is not there is an empty log.
absl::StatusOr<WalCheck> CheckWal(const std::string& path);

}  // namespace sloburn
