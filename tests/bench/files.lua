-- SPDX-License-Identifier: MIT
-- Uploads of small files for wrk, each under a name of its own. Arguments: "put" (the file
-- is the body) or "post" (it is the part "file" of a form), where to, bytes of a file,
-- a word that the names of this run begin with.

local how, where, content, word, n = "", "", "", "", 0
local edge = "edge0of0a0part"

function init(args)
	how, where, word = args[1], args[2], args[4]
	content = string.rep("0123456789abcdef", math.ceil(args[3] / 16)):sub(1, args[3])
	wrk.headers["Content-Type"] = how == "post" and
	    "multipart/form-data; boundary=" .. edge or "application/octet-stream"
end

function request()
	n = n + 1
	local name = word .. "-" .. n .. ".bin"
	if how == "put" then
		return wrk.format("PUT", where .. name, nil, content)
	end
	return wrk.format("POST", where, nil, "--" .. edge ..
	    '\r\nContent-Disposition: form-data; name="file"; filename="' .. name ..
	    '"\r\nContent-Type: application/octet-stream\r\n\r\n' .. content ..
	    "\r\n--" .. edge .. "--\r\n")
end
