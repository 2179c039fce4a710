-- For wrk: asks for the paths given behind `--`, in turn.
local requests, at = {}, 0

function init(paths)
  for i, path in ipairs(paths) do
    requests[i] = wrk.format("GET", path)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
