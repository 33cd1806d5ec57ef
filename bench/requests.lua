-- wrk's requests: a file's lines one after another, each a path and headers parted by tabs.
local requests = {}

function init(args)
    for line in io.lines(args[1]) do
        local headers, path = {}, nil
        for field in line:gmatch("[^\t]+") do
            if not path then
                path = field
            else
                local name, value = field:match("^([^:]+): (.*)$")
                headers[name] = value
            end
        end
        requests[#requests + 1] = wrk.format("GET", path, headers)
    end
end

local at = 0
function request()
    at = at % #requests + 1
    return requests[at]
end

-- Requests a second, and answers that were none of 200.
function done(summary)
    io.stderr:write(string.format("%.1f %d\n", summary.requests / (summary.duration / 1e6),
        summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
