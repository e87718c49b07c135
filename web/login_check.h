// SPDX-License-Identifier: Apache-2.0
// Basic authentication of requests against the users of the web configuration. Private to the
// server.
//
// Threads: CheckLogin from any thread; `done` is called on the password checker's thread.
#pragma once

#include <optional>
#include <string>

#include "web/password_check.h"
#include "web/request.h"
#include "web/response.h"
#include "web/web_security.h"

namespace sloburn::web {

// The verdict where it is known; otherwise `done` gets it later. `address` is the client's, without
// the port. REQUIRES: there are users.
std::optional<PasswordVerdict> CheckLogin(PasswordChecker& passwords,
                                          const WebSecurityState& state, const Request& request,
                                          const std::string& address, PasswordChecker::Done done);

// The answer to a login that is not accepted: 401, or 503 where it could not be checked.
Response RefuseLogin(PasswordVerdict verdict);

}  // namespace sloburn::web
