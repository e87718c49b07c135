// SPDX-License-Identifier: Apache-2.0
// Where Go's regular expressions and RE2's differ in what they take, and in their words.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace re2 {
class RE2;
}

namespace sloburn {

struct GoRegexp {
  std::string text;     // for RE2: (?<name>...) is written (?P<name>...)
  absl::Status status;  // of what RE2 takes and Go does not
};

// Reads `pattern` once, also where it is malformed.
GoRegexp ReadGoRegexp(std::string_view pattern);

// InvalidArgument: "error parsing regexp: missing closing ): `(a`". REQUIRES: !regex.ok(), and
// `pattern` is what it was made of, before ReadGoRegexp.
absl::Status RegexpError(std::string_view pattern, const re2::RE2& regex);

}  // namespace sloburn
