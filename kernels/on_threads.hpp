// Work in pieces, on threads that end with it: whoever forks later finds none.
#pragma once

#include <cstdint>
#include <functional>

namespace switchyard {

/// Calls work(0), …, work(count - 1), begun in that order, on at most `threads` threads, this one among them;
/// with one it is the only one. Fewer do where the system gives no more. Returns when all have ended, and
/// throws what the first of them, by number, threw.
void on_threads(std::int64_t threads, std::int64_t count, const std::function<void(std::int64_t)>& work);

}  // namespace switchyard
