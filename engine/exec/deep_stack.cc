// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/deep_stack.h"

#include <pthread.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sloburn::engine {
namespace {

// What one level needs for building, opening, reading and destroying, with a wide margin;
// sanitizers put red zones around every variable.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kBytesPerLevel = 16 << 10;
#else
constexpr size_t kBytesPerLevel = 4 << 10;
#endif
// A tree up to here fits into a stack of 256 KiB together with what called us.
constexpr size_t kShallow = 32;
constexpr size_t kStackBase = 256 << 10;
constexpr size_t kMaxDepth = 100'000;

struct Task {
  const std::function<absl::Status()>& run;
  absl::Status status;
};

void* RunTask(void* argument) {
  Task& task = *static_cast<Task*>(argument);
  task.status = task.run();
  return nullptr;
}

}  // namespace

size_t PlanDepth(const PlanNode& root) {
  struct Visit {
    const PlanNode* node;
    size_t depth;
  };
  size_t deepest = 0;
  std::vector<Visit> pending = {{&root, 1}};
  while (!pending.empty()) {
    const Visit visit = pending.back();
    pending.pop_back();
    deepest = std::max(deepest, visit.depth);
    for (const PlanNodePtr& child : visit.node->children) {
      pending.push_back({child.get(), visit.depth + 1});
    }
  }
  return deepest;
}

absl::Status RunOnDeepStack(size_t depth, const std::function<absl::Status()>& run) {
  if (depth <= kShallow) return run();
  if (depth > kMaxDepth) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the expression is ", depth, " operators deep; the limit is ", kMaxDepth));
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBase + depth * kBytesPerLevel);
  Task task{run, absl::OkStatus()};
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, RunTask, &task);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "no memory for the stack of an expression that is ", depth, " operators deep"));
  }
  pthread_join(thread, nullptr);
  return task.status;
}

}  // namespace sloburn::engine
