// SPDX-License-Identifier: Apache-2.0
// A text that must not be shown: every way to print it gives "<secret>". Only reveal() gives it,
// to the code that puts it on the wire.
#pragma once

#include <ostream>
#include <string>

namespace sloburn::cli {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  // "<secret>", or "" where none is set.
  std::string ToString() const { return value_.empty() ? "" : "<secret>"; }

  friend bool operator==(const Secret&, const Secret&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret& secret) {
    return out << secret.ToString();
  }

 private:
  std::string value_;
};

}  // namespace sloburn::cli
