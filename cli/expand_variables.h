// SPDX-License-Identifier: Apache-2.0
// Environment variables in texts of the configuration. Reads the environment, so it must not run
// while another thread changes that.
#pragma once

#include <string>
#include <string_view>

namespace sloburn::cli {

// Replaces $NAME and ${NAME}; $$ is a dollar sign; an unset variable is empty, as in Prometheus.
std::string ExpandVariables(std::string_view text);

}  // namespace sloburn::cli
