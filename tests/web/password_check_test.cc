// SPDX-License-Identifier: Apache-2.0
#include "web/password_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/str_cat.h"

namespace sloburn::web {
namespace {

using ::testing::Optional;

const std::string kSesame = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";
const std::string kSlowSesame = "$2y$10$abcdefghijklmnopqrstuu4SuEsu2LsUrAYUpWQHLMMc4GV5pZTxK";

class PasswordCheckTest : public testing::Test {
 protected:
  PasswordVerdict CheckNow(const Login& login, const std::string* hash = &kSesame) {
    absl::Notification told;
    PasswordVerdict late{};
    const auto known =
        checker_.Check(login, hash, UnusableHash(4), "client", [&](PasswordVerdict verdict) {
          late = verdict;
          told.Notify();
        });
    if (known) return *known;
    told.WaitForNotification();
    return late;
  }
  std::optional<PasswordVerdict> Ask(const std::string& password, const std::string& address) {
    return checker_.Check({"slow", password}, &kSlowSesame, "", address,
                          [this](PasswordVerdict) { ++answered_; });
  }
  bool IsKnown(const Login& login) {
    return checker_.Check(login, &kSesame, "", "client", [](PasswordVerdict) {}).has_value();
  }

  PasswordChecker checker_{{.max_waiting = 6, .max_waiting_per_address = 3, .max_remembered = 5}};
  std::atomic<int> answered_{0};
};

TEST_F(PasswordCheckTest, TakesTheRightPasswordOnly) {
  EXPECT_EQ(CheckNow({"a", "open sesame"}), PasswordVerdict::kAccepted);
  EXPECT_EQ(CheckNow({"a", "open sesame "}), PasswordVerdict::kRefused);
  EXPECT_EQ(CheckNow({"a", ""}), PasswordVerdict::kRefused);
  EXPECT_EQ(CheckNow({"a", std::string("open sesame\0x", 13)}), PasswordVerdict::kRefused);
  EXPECT_EQ(CheckNow({"unknown", "open sesame"}, nullptr), PasswordVerdict::kRefused);
  // What is remembered of a user says nothing of another one, nor of another hash.
  const std::string other = UnusableHash(4);
  EXPECT_EQ(CheckNow({"a", "open sesame"}, &other), PasswordVerdict::kRefused);
  EXPECT_EQ(CheckNow({"a", "open sesame"}), PasswordVerdict::kAccepted);
}

TEST_F(PasswordCheckTest, BadPasswordsDoNotMakeGoodOnesForgotten) {
  CheckNow({"a", "open sesame"});
  for (int i = 0; i < 20; ++i) CheckNow({"a", StrCat("bad ", i)});
  EXPECT_THAT(checker_.Check({"a", "open sesame"}, &kSesame, "", "client", nullptr),
              Optional(PasswordVerdict::kAccepted));
  EXPECT_TRUE(IsKnown({"a", "bad 19"}));
  EXPECT_FALSE(IsKnown({"a", "bad 0"}));
}

TEST_F(PasswordCheckTest, BoundsWhatWaits) {
  EXPECT_EQ(Ask("1", "one"), std::nullopt);
  EXPECT_EQ(Ask("2", "one"), std::nullopt);
  EXPECT_EQ(Ask("3", "one"), std::nullopt);
  EXPECT_THAT(Ask("4", "one"), Optional(PasswordVerdict::kBusy));
  EXPECT_EQ(Ask("3", "another"), std::nullopt) << "waits for the same check";
  EXPECT_EQ(Ask("4", "another"), std::nullopt);
  while (answered_ < 5) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(Ask("5", "one"), std::nullopt) << "there is room again";
}

TEST(BcryptCost, ReadsWholeHashesOnly) {
  EXPECT_THAT(BcryptCost(kSesame), Optional(4));
  EXPECT_THAT(BcryptCost(UnusableHash(12)), Optional(12));
  for (const std::string& bad :
       {std::string(), kSesame.substr(1), kSesame + "x", "$2x" + kSesame.substr(3),
        "$2y$03" + kSesame.substr(6), "$2y$32" + kSesame.substr(6), "$2y$4$" + kSesame.substr(6),
        kSesame.substr(0, 59) + "*"}) {
    EXPECT_EQ(BcryptCost(bad), std::nullopt) << bad;
  }
}

TEST(ParseBasicAuth, ReadsWhatGoReads) {
  const auto login = ParseBasicAuth("bAsIc YTpiOmM=");
  ASSERT_TRUE(login.has_value());
  EXPECT_EQ(login->user, "a");
  EXPECT_EQ(login->password, "b:c");
  for (const char* bad : {"", "Basic", "Basic ", "Basic YTpiOmM", "Basic  YTpiOmM=", "Bearer YTpiOmM=",
                          "Basic YWJj", "Basic *TpiOmM=", "Basic YTpiOmM= "}) {
    EXPECT_FALSE(ParseBasicAuth(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace sloburn::web
