// SPDX-License-Identifier: Apache-2.0
#include "web/password_check.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/check.h"
#include "base/str_cat.h"

namespace sloburn::web {
namespace {

// "$2y$10$", 22 characters of salt, 31 of the hash.
constexpr size_t kSettingSize = 29;
constexpr size_t kHashSize = 60;
constexpr int kLowestCost = 4;
// Below the threads that answer and evaluate: a flood of logins gets what CPU they leave.
constexpr int kNiceness = 10;

bool IsBcryptDigit(char c) { return absl::ascii_isalnum(c) || c == '.' || c == '/'; }

std::string RandomKey() {
  std::array<unsigned char, 32> bytes;
  CHECK(RAND_bytes(bytes.data(), bytes.size()) == 1);
  return std::string(bytes.begin(), bytes.end());
}

bool Matches(const std::string& password, const std::string& hash) {
  // crypt would read a part of it.
  if (password.find('\0') != std::string::npos) return false;
  auto data = std::make_unique<crypt_data>();
  const char* const computed = crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool is_equal = computed != nullptr && std::string_view(computed).size() == hash.size() &&
                        CRYPTO_memcmp(computed, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(data.get(), sizeof *data);
  return is_equal;
}

}  // namespace

std::optional<int> BcryptCost(std::string_view hash) {
  if (hash.size() != kHashSize || !hash.starts_with("$2") || hash[3] != '$' ||
      hash[6] != '$' || std::string_view("aby").find(hash[2]) == std::string_view::npos ||
      !absl::ascii_isdigit(hash[4]) || !absl::ascii_isdigit(hash[5]) ||
      !std::all_of(hash.begin() + 7, hash.end(), IsBcryptDigit)) {
    return std::nullopt;
  }
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (cost < kLowestCost || cost > 31) return std::nullopt;
  return cost;
}

std::string UnusableHash(int cost) {
  // The last digit of a real hash has no bits that its bytes do not fill; this one has.
  return StrCat("$2y$", cost < 10 ? "0" : "", cost, "$", std::string(kSettingSize - 7, '.'),
                std::string(kHashSize - kSettingSize, '9'));
}

std::optional<Login> ParseBasicAuth(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic ";
  if (absl::AsciiStrToLower(std::string(authorization.substr(0, kScheme.size()))) != kScheme) {
    return std::nullopt;
  }
  std::string decoded;
  const std::string_view encoded = authorization.substr(kScheme.size());
  // absl takes encodings without their padding and with spaces, Go does not.
  if (encoded.size() % 4 != 0 || encoded.find_first_of(" \t\r\n") != std::string_view::npos ||
      !absl::Base64Unescape(std::string(encoded), &decoded)) {
    return std::nullopt;
  }
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) return std::nullopt;
  Login login{decoded.substr(0, colon), decoded.substr(colon + 1)};
  OPENSSL_cleanse(decoded.data(), decoded.size());
  return login;
}

bool PasswordChecker::Memory::Has(const Key& key) {
  const auto found = keys.find(key);
  if (found == keys.end()) return false;
  by_age.splice(by_age.end(), by_age, found->second);
  return true;
}

void PasswordChecker::Memory::Add(const Key& key, size_t max) {
  if (Has(key)) return;
  keys[key] = by_age.insert(by_age.end(), key);
  if (keys.size() <= max) return;
  keys.erase(by_age.front());
  by_age.pop_front();
}

PasswordChecker::PasswordChecker(const PasswordLimits& limits)
    : limits_(limits), digest_key_(RandomKey()), thread_([this] { Run(); }) {}

PasswordChecker::Key PasswordChecker::KeyOf(const Login& login, const std::string& hash) const {
  std::string text =
      StrCat(login.user.size(), ":", login.user, hash.size(), ":", hash, login.password);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), digest_key_.data(), static_cast<int>(digest_key_.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
             &size) != nullptr);
  OPENSSL_cleanse(text.data(), text.size());
  return Key(digest.begin(), digest.begin() + size);
}

std::optional<PasswordVerdict> PasswordChecker::Check(const Login& login, const std::string* hash,
                                                      const std::string& decoy,
                                                      const std::string& address, Done done) {
  const std::string& compared = hash == nullptr ? decoy : *hash;
  Key key = KeyOf(login, compared);
  absl::MutexLock lock(&mutex_);
  if (is_stopping_) return PasswordVerdict::kBusy;
  if (good_.Has(key)) return PasswordVerdict::kAccepted;
  if (bad_.Has(key)) return PasswordVerdict::kRefused;
  // A page of panels asks many times at once: that is one check.
  if (const auto found = jobs_.find(key); found != jobs_.end()) {
    found->second->waiting.push_back(std::move(done));
    return std::nullopt;
  }
  size_t& of_address = waiting_by_address_[address];
  if (queue_.size() >= limits_.max_waiting || of_address >= limits_.max_waiting_per_address) {
    if (of_address == 0) waiting_by_address_.erase(address);
    return PasswordVerdict::kBusy;
  }
  ++of_address;
  auto job = std::make_shared<Job>();
  *job = {key, compared, login.password, address, hash != nullptr, {}};
  job->waiting.push_back(std::move(done));
  jobs_.emplace(std::move(key), job);
  queue_.push_back(std::move(job));
  return std::nullopt;
}

void PasswordChecker::Run() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  while (true) {
    std::shared_ptr<Job> job;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &PasswordChecker::HasWork));
      if (is_stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    const bool is_equal = Matches(job->password, job->hash);
    OPENSSL_cleanse(job->password.data(), job->password.size());
    Finish(*job, is_equal && job->can_succeed);
  }
}

void PasswordChecker::Finish(Job& job, bool is_good) {
  std::vector<Done> waiting;
  {
    absl::MutexLock lock(&mutex_);
    (is_good ? good_ : bad_).Add(job.key, limits_.max_remembered);
    jobs_.erase(job.key);
    const auto of_address = waiting_by_address_.find(job.address);
    if (--of_address->second == 0) waiting_by_address_.erase(of_address);
    waiting.swap(job.waiting);
  }
  for (const Done& done : waiting) {
    done(is_good ? PasswordVerdict::kAccepted : PasswordVerdict::kRefused);
  }
}

void PasswordChecker::Stop() {
  std::unordered_map<Key, std::shared_ptr<Job>> dropped;
  {
    absl::MutexLock lock(&mutex_);
    is_stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  absl::MutexLock lock(&mutex_);
  queue_.clear();
  dropped.swap(jobs_);
}

}  // namespace sloburn::web
