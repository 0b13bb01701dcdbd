-- Every change of the shared limits. ARGV[1] says which; all keys of a call lie in one slot, and the clock is the server's.
--
-- A window is a hash of 60ths of its length: field = the slice's number, value = what was taken in it; 't' is the sum, 'o' the oldest slice.
-- A slice is forgotten once all of it is older than the window, so that the sum is never less than what any window holds.
-- A day of the calendar is the same with a single slice, the day, that is forgotten when the next one begins.
-- Concurrency is a sorted set of leases by the time at which each lapses.

local SLICES = 60
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function text(number) return string.format('%.0f', number) end

-- How long a slice of such a key is, and how many older ones count beside the present one.
local function slicing(kind, length)
    if kind == 'd' then return length, 0 end
    return length / SLICES, SLICES
end

local function forget(key, slice, keep)
    local head = redis.call('HMGET', key, 't', 'o')
    local total, oldest = tonumber(head[1] or 0), tonumber(head[2] or slice)
    local first = slice - keep
    if oldest < first then
        for one = oldest, first - 1 do
            local taken = redis.call('HGET', key, text(one))
            if taken then
                total = total - tonumber(taken)
                redis.call('HDEL', key, text(one))
            end
        end
        oldest = first
        redis.call('HSET', key, 't', text(total), 'o', text(oldest))
    end
    return total, oldest
end

-- Milliseconds until so much has left the window that excess is gone.
local function leaves(key, oldest, slice, width, keep, excess)
    for one = oldest, slice do
        excess = excess - tonumber(redis.call('HGET', key, text(one)) or 0)
        if excess <= 0 then return math.ceil((one + keep + 1) * width - now) end
    end
    return -1
end

-- Milliseconds until all that was taken has left the window.
local function empties(key, slice, width, keep)
    local total, oldest = forget(key, slice, keep)
    if total <= 0 then return 0 end
    for one = slice, oldest, -1 do
        if tonumber(redis.call('HGET', key, text(one)) or 0) > 0 then return math.ceil((one + keep + 1) * width - now) end
    end
    return 0
end

-- ARGV[2]: one part in so many of what is left may be taken in advance. For each key: kind, limit, length (of the window, or of the lease), cost (or
-- the lease's id), what is wanted in advance.
-- Gives back: which key refuses for longest (0: none, and all are taken), in how many milliseconds it no longer does (-1: never), and for each key what is
-- left, in how many milliseconds it is whole again, the slice, what was taken in advance.
local function reserve()
    local answer, slices, refused, longest = {0, 0}, {}, 0, 0
    local before, share = {}, tonumber(ARGV[2])
    for i, key in ipairs(KEYS) do
        local at = 3 + (i - 1) * 5
        local limit, length, cost = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), 1
        local slice, reset, passes = 0, 0, 0
        if ARGV[at] == 'c' then
            redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
            before[i] = limit - redis.call('ZCARD', key)
        else
            local width, keep = slicing(ARGV[at], length)
            slice = math.floor(now / width)
            cost = tonumber(ARGV[at + 3])
            local total, oldest = forget(key, slice, keep)
            before[i] = limit - total
            reset = math.ceil((slice + keep + 1) * width - now)
            if before[i] < cost then passes = leaves(key, oldest, slice, width, keep, cost - before[i]) end
        end
        if before[i] < cost and (refused == 0 or (longest >= 0 and (passes < 0 or passes > longest))) then
            refused, longest = i, passes
        end
        slices[i] = slice
        local out = #answer
        answer[out + 1] = math.max(0, before[i] - cost)
        answer[out + 2] = reset
        answer[out + 3] = slice
        answer[out + 4] = 0
    end
    answer[1], answer[2] = refused, longest
    for i, key in ipairs(KEYS) do
        local at = 3 + (i - 1) * 5
        local length, left = tonumber(ARGV[at + 2]), 4 * i - 1
        if refused > 0 then
            answer[left] = math.max(0, before[i])
            if ARGV[at] ~= 'c' then answer[left + 1] = empties(key, slices[i], slicing(ARGV[at], length)) end
        elseif ARGV[at] == 'c' then
            redis.call('ZADD', key, text(now + length), ARGV[at + 3])
            redis.call('PEXPIRE', key, text(length * 2))
        else
            local slice = text(slices[i])
            local ahead = math.min(tonumber(ARGV[at + 4]), math.floor(answer[left] / share))
            local taken = text(tonumber(ARGV[at + 3]) + ahead)
            answer[left] = answer[left] - ahead
            answer[left + 3] = ahead
            redis.call('HINCRBY', key, slice, taken)
            redis.call('HINCRBY', key, 't', taken)
            redis.call('HSETNX', key, 'o', slice)
            local width, keep = slicing(ARGV[at], length)
            redis.call('PEXPIRE', key, text(math.ceil((keep + 2) * width)))
        end
    end
    return answer
end

-- For each key: kind, slice (or the lease's id), difference. What was reserved becomes what was used; a lease ends.
local function settle()
    for i, key in ipairs(KEYS) do
        local at = 2 + (i - 1) * 3
        if ARGV[at] == 'c' then
            redis.call('ZREM', key, ARGV[at + 1])
        elseif redis.call('HEXISTS', key, ARGV[at + 1]) == 1 then
            redis.call('HINCRBY', key, ARGV[at + 1], ARGV[at + 2])
            redis.call('HINCRBY', key, 't', ARGV[at + 2])
        end
    end
    return now
end

-- ARGV[2]: the leases' length; then each key's lease. What lapsed while nobody could renew it lives again.
local function renew()
    local length = tonumber(ARGV[2])
    for i, key in ipairs(KEYS) do
        redis.call('ZADD', key, text(now + length), ARGV[2 + i])
        redis.call('PEXPIRE', key, text(length * 2))
    end
    return now
end

-- ARGV[2]: who, ARGV[3]: how long a replica counts after it was last heard. Gives back how many there are.
local function beat()
    local length = tonumber(ARGV[3])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now))
    redis.call('ZADD', KEYS[1], text(now + length), ARGV[2])
    redis.call('PEXPIRE', KEYS[1], text(length * 2))
    return redis.call('ZCARD', KEYS[1])
end

if ARGV[1] == 'reserve' then return reserve() end
if ARGV[1] == 'settle' then return settle() end
if ARGV[1] == 'renew' then return renew() end
if ARGV[1] == 'beat' then return beat() end
return redis.error_reply('unknown operation ' .. tostring(ARGV[1]))
