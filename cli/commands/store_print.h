// SPDX-License-Identifier: Apache-2.0
// What `sloburn store inspect` has found, for people and for programs.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "engine/storage/durable/store_inspection.h"
#include "engine/storage/durable/store_reader.h"

namespace sloburn::cli {

std::string InspectionText(const StoreReader& reader, const StoreInspection& found);
// Keys are in camelCase, sizes in bytes, times in milliseconds.
std::string InspectionJson(const StoreReader& reader, const StoreInspection& found);

}  // namespace sloburn::cli
