// SPDX-License-Identifier: Apache-2.0
// Passwords against bcrypt hashes, for basic authentication.
//
//   std::optional<PasswordVerdict> known = checker.Check(login, hash, address, done);
//
// A hash takes tens of milliseconds of CPU on purpose. One thread of low priority computes them,
// one after the other, and what it found is kept, so that a client with a good password is let in
// at once however many bad ones are being tried. Good and bad passwords are kept apart: no flood
// of bad ones makes a good one forgotten. Passwords are kept as keyed digests only.
//
// Threads: Check from any thread; `done` is called on the checker's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sloburn::web {

// The costliest hash that is accepted; each step doubles the time of a login.
inline constexpr int kMaxBcryptCost = 18;

// The cost of a hash "$2y$10$...": nullopt where it is not one of bcrypt.
std::optional<int> BcryptCost(std::string_view hash);
// A hash of that cost that no password has.
std::string UnusableHash(int cost);

struct Login {
  std::string user, password;
};
// The value of an Authorization header, read as Go's Request.BasicAuth does.
std::optional<Login> ParseBasicAuth(std::string_view authorization);

enum class PasswordVerdict {
  kAccepted,
  kRefused,
  kBusy,  // too many checks are waiting
};

struct PasswordLimits {
  size_t max_waiting = 64;              // checks that wait at once
  size_t max_waiting_per_address = 8;   // of one client address
  size_t max_remembered = 1000;         // good ones, and as many bad ones
};

class PasswordChecker {
 public:
  using Done = std::function<void(PasswordVerdict)>;

  explicit PasswordChecker(const PasswordLimits& limits);
  ~PasswordChecker() { Stop(); }
  PasswordChecker(const PasswordChecker&) = delete;
  PasswordChecker& operator=(const PasswordChecker&) = delete;

  // The verdict where it is known; otherwise `done` gets it later. `hash` may be nullptr: the user
  // is unknown and the answer is kRefused, after the time that `decoy` takes.
  std::optional<PasswordVerdict> Check(const Login& login, const std::string* hash,
                                       const std::string& decoy, const std::string& address,
                                       Done done);
  // Drops what waits, without a verdict. Idempotent.
  void Stop();

 private:
  using Key = std::string;  // a digest of user, hash and password
  // The newest `max_remembered` keys.
  struct Memory {
    std::list<Key> by_age;  // oldest first
    std::unordered_map<Key, std::list<Key>::iterator> keys;
    void Add(const Key& key, size_t max);
    bool Has(const Key& key);
  };
  struct Job {
    Key key;
    std::string hash, password, address;
    bool can_succeed = false;
    std::vector<Done> waiting;
  };

  Key KeyOf(const Login& login, const std::string& hash) const;
  void Run();
  void Finish(Job& job, bool is_good);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return is_stopping_ || !queue_.empty();
  }

  const PasswordLimits limits_;
  const std::string digest_key_;
  absl::Mutex mutex_;
  Memory good_ ABSL_GUARDED_BY(mutex_), bad_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Job>> queue_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<Key, std::shared_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);  // unfinished ones
  std::map<std::string, size_t> waiting_by_address_ ABSL_GUARDED_BY(mutex_);
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sloburn::web
