"""Names of committees, basic organisations and cells."""

from __future__ import annotations

PROVINCIAL_COMMITTEES = (
    ("các cơ quan Đảng {unit}", "4"),
    ("Ủy ban nhân dân {unit}", "5"),
    ("Quân sự {unit}", "7"),
    ("Công an {unit}", "8"),
)
FURTHER_COMMITTEES: dict[str, tuple[tuple[str, str], ...]] = {
    "01": (("Đại học Quốc gia Hà Nội", "6a"), ("Đại học Bách khoa Hà Nội", "6a"), ("Bộ đội Thủ đô", "7"),
           ("các khu công nghiệp và chế xuất Hà Nội", "9"), ("Tổng công ty Đầu tư và Phát triển đô thị", "9a1"),
           ("Trường Đại học Kinh tế Quốc dân", "6a")),
    "79": (("Đại học Quốc gia Thành phố Hồ Chí Minh", "6a"),),
    "31": (("Bộ đội Biên phòng thành phố Hải Phòng", "7"),),
    "38": (("Bộ đội Biên phòng tỉnh Thanh Hóa", "7"),),
    "40": (("Trường Đại học Vinh", "6a"),),
    "19": (("Đại học Thái Nguyên", "6a"),),
    "46": (("Đại học Huế", "6a"),),
    "48": (("Đại học Đà Nẵng", "6a"),),
    "92": (("Đại học Cần Thơ", "6a"),),
}  # fmt: skip
CENTRAL_COMMITTEES: dict[str, tuple[tuple[str, str], ...]] = {
    "T1": tuple((n, "4") for n in (
        "Văn phòng Trung ương Đảng", "Ban Tổ chức Trung ương", "Ủy ban Kiểm tra Trung ương",
        "Ban Tuyên giáo và Dân vận Trung ương", "Ban Chính sách, chiến lược Trung ương", "Ban Nội chính Trung ương",
        "Học viện Chính trị quốc gia Hồ Chí Minh", "Tạp chí Cộng sản", "Báo Nhân Dân",
        "Tòa án nhân dân tối cao", "Viện kiểm sát nhân dân tối cao", "Văn phòng Chủ tịch nước",
    )),
    "T2": tuple((n, "5") for n in (
        "Văn phòng Chính phủ", "Bộ Nội vụ", "Bộ Tài chính", "Bộ Ngoại giao", "Bộ Tư pháp", "Bộ Công Thương",
        "Bộ Xây dựng", "Bộ Nông nghiệp và Môi trường", "Bộ Khoa học và Công nghệ", "Bộ Giáo dục và Đào tạo",
        "Bộ Y tế", "Bộ Văn hóa, Thể thao và Du lịch", "Bộ Dân tộc và Tôn giáo", "Ngân hàng Nhà nước Việt Nam",
        "Thanh tra Chính phủ", "Đài Truyền hình Việt Nam", "Đài Tiếng nói Việt Nam", "Thông tấn xã Việt Nam",
        "Viện Hàn lâm Khoa học và Công nghệ Việt Nam", "Viện Hàn lâm Khoa học xã hội Việt Nam",
    )) + tuple((n, "9a1") for n in (
        "Tập đoàn Công nghiệp - Năng lượng Quốc gia Việt Nam", "Tập đoàn Điện lực Việt Nam",
        "Tập đoàn Bưu chính Viễn thông Việt Nam", "Tập đoàn Công nghiệp Than - Khoáng sản Việt Nam",
        "Tập đoàn Hóa chất Việt Nam", "Tập đoàn Xăng dầu Việt Nam", "Tổng công ty Hàng không Việt Nam",
        "Tổng công ty Đường sắt Việt Nam", "Ngân hàng Nông nghiệp và Phát triển nông thôn Việt Nam",
        "Ngân hàng Thương mại cổ phần Công thương Việt Nam",
    )),
    "T3": tuple((n, "5") for n in ("Văn phòng Quốc hội", "Kiểm toán nhà nước", "các cơ quan của Quốc hội")),
    "T4": tuple((n, "4") for n in (
        "Cơ quan Ủy ban Trung ương Mặt trận Tổ quốc Việt Nam", "Tổng Liên đoàn Lao động Việt Nam",
        "Trung ương Hội Nông dân Việt Nam", "Trung ương Hội Liên hiệp Phụ nữ Việt Nam",
        "Trung ương Đoàn Thanh niên Cộng sản Hồ Chí Minh", "Trung ương Hội Cựu chiến binh Việt Nam",
        "Liên hiệp các Hội Khoa học và Kỹ thuật Việt Nam",
    )),
    "T5": tuple((n, "7") for n in (
        "Bộ Tổng Tham mưu", "Tổng cục Chính trị", "Tổng cục Hậu cần - Kỹ thuật", "Tổng cục Công nghiệp Quốc phòng",
        "Quân khu 1", "Quân khu 2", "Quân khu 3", "Quân khu 4", "Quân khu 5", "Quân khu 7", "Quân khu 9",
        "Quân chủng Hải quân", "Quân chủng Phòng không - Không quân", "Bộ đội Biên phòng", "Cảnh sát biển Việt Nam",
        "Quân đoàn 12", "Quân đoàn 34", "Học viện Quốc phòng", "Tập đoàn Công nghiệp - Viễn thông Quân đội",
    )),
    "T6": tuple((n, "8") for n in (
        "Văn phòng Bộ Công an", "Cục Tổ chức cán bộ", "Cục Cảnh sát hình sự", "Cục Cảnh sát giao thông",
        "Cục Quản lý hành chính về trật tự xã hội", "Học viện An ninh nhân dân", "Học viện Cảnh sát nhân dân",
        "Bộ Tư lệnh Cảnh sát cơ động", "Bộ Tư lệnh Cảnh vệ", "Bệnh viện 19-8",
    )),
}  # fmt: skip

#: Basic organisations under a commune: pattern, sector, whether it is a committee with cells.
UNDER_COMMUNE: tuple[tuple[str, str, bool], ...] = (
    ("các cơ quan Đảng {unit}", "4", True),
    ("Ủy ban nhân dân {unit}", "5", True),
    ("Trường Tiểu học {short}", "6a", False),
    ("Trường Trung học cơ sở {short}", "6a", False),
    ("Trường Mầm non {short}", "6a", False),
    ("Trạm Y tế {unit}", "6a", False),
    ("Quân sự {unit}", "7", False),
    ("Công an {unit}", "8", False),
    ("Hợp tác xã nông nghiệp {short}", "9c", False),
    ("Công ty cổ phần May {short}", "9b1", True),
    ("Công ty TNHH Chế biến thực phẩm {short}", "9b3", False),
    ("Thôn 1 {unit}", "1", False),
    ("Thôn 2 {unit}", "1", False),
)
#: Basic organisations under a committee of province level.
UNDER_PROVINCIAL: tuple[tuple[str, bool], ...] = (
    ("Văn phòng", False), ("Sở Nội vụ", True), ("Sở Tài chính", True), ("Sở Y tế", True),
    ("Sở Giáo dục và Đào tạo", True), ("Sở Xây dựng", True), ("Sở Nông nghiệp và Môi trường", True),
    ("Sở Khoa học và Công nghệ", False), ("Sở Tư pháp", False), ("Sở Công Thương", False),
    ("Sở Văn hóa, Thể thao và Du lịch", True), ("Thanh tra", False), ("Bệnh viện Đa khoa", True),
    ("Trường Chính trị", False), ("Ban Tổ chức", False), ("Ủy ban Kiểm tra", False), ("Phòng Tham mưu", True),
    ("Phòng Hậu cần - Kỹ thuật", False), ("Trung tâm Kiểm soát bệnh tật", False), ("Trường Cao đẳng nghề", True),
)  # fmt: skip
CELLS_OF_BODY = (
    "Phòng Hành chính", "Phòng Tổ chức", "Phòng Kế hoạch", "Phòng Nghiệp vụ 1", "Phòng Nghiệp vụ 2", "Khoa Nội",
    "Khoa Ngoại", "Tổ Văn phòng", "Phân xưởng 1", "Phân xưởng 2", "Bộ môn Lý luận", "Đội Kỹ thuật", "Phòng Thanh tra",
)  # fmt: skip
