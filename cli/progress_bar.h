// SPDX-License-Identifier: Apache-2.0
// The bar that long work shows on stderr.
//
// Threads: ProgressBar is a pure function, a ProgressLine belongs to one thread.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace sloburn::cli {

// "[#####.....]  50%"; `fraction` is cut to [0, 1].
std::string ProgressBar(double fraction);

// One line on stderr, written over itself a few times per second.
class ProgressLine {
 public:
  // Shown where it is wanted and stderr is a terminal.
  explicit ProgressLine(bool is_wanted);
  ~ProgressLine() { Finish(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Whether Show would write now: what it costs to make a text need not be paid more often.
  bool IsDue() const;
  void Show(const std::string& text);
  // Ends the line.
  void Finish();

 private:
  const bool is_shown_;
  bool has_begun_ = false;
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace sloburn::cli
