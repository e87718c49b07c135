// SPDX-License-Identifier: Apache-2.0
// Notices changes of the configuration and of the rule and SLO files that it names.
//
//   ConfigWatcher watcher(absl::Seconds(30), [&] { return sidecar.LookForChange(); });
//   ...
//   watcher.Stop();
//
// Contents are compared, not times: a file that is replaced by an equal one is no change, and a
// mount that keeps no times is seen as well.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sloburn::cli {

// A digest of the file, and of the names and contents of all files that match the patterns. What
// cannot be read counts by the text of its error.
std::string DigestFiles(const std::string& file, const std::vector<std::string>& patterns);

// Calls a function again and again on a thread of its own.
class ConfigWatcher {
 public:
  // `look` returns the time until its next call.
  ConfigWatcher(absl::Duration first, std::function<absl::Duration()> look);
  ~ConfigWatcher() { Stop(); }
  ConfigWatcher(const ConfigWatcher&) = delete;
  ConfigWatcher& operator=(const ConfigWatcher&) = delete;

  // Waits for a call that is under way. Idempotent.
  void Stop();

 private:
  void Run(absl::Duration delay);

  const std::function<absl::Duration()> look_;
  absl::Mutex mutex_;
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sloburn::cli
